"""zuko: ``CNF`` with as many inputs and layers, zero at first, a plain PyTorch loop."""

import torch
from zuko.flows import CNF

from benchmarks.rows.coupling import data
from benchmarks.rows.ffjord import SERVED, SIZES, TOLERANCE, TRAINED, TRAINING_TOLERANCE
from benchmarks.task import Contender
from benchmarks.torch_flows import zuko_contender
from benchmarks.torch_loop import serving_tasks


def contender() -> Contender:
    flow, x = flow_of(TRAINING_TOLERANCE), data(SIZES)
    side = zuko_contender(flow, x, SIZES.batch, SIZES.steps, SERVED)
    for _ in range(TRAINED // SIZES.steps):
        side.tasks["training steps"].call()
    fine, rows = flow_of(TOLERANCE), torch.from_numpy(x[:SERVED])
    fine.load_state_dict(flow.state_dict())
    tasks = serving_tasks(lambda: fine().log_prob(rows), lambda: fine().sample((SERVED,)), SERVED)
    return side._replace(tasks=side.tasks | tasks)


def flow_of(tolerance: float) -> CNF:
    flow = CNF(
        SIZES.dimension,
        freqs=5,
        hidden_features=(SIZES.width,) * SIZES.layers,
        activation=torch.nn.SiLU,
        atol=tolerance,
        rtol=tolerance,
    )
    last = flow.transform.ode[-1]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    return flow
