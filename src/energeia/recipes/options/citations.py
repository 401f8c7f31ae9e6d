"""The papers of the recipes as BibTeX. Needs no JAX."""

from energeia.recipes.options.papers import PAPERS

_CITED: dict[str, tuple[str, ...]] = {
    "mixture": ("dempster1977", "fraley2007"),
    "stack": ("smyth1999",),
    "gaussian": (),
    "made": ("germain2015",),
    "any-order": ("uria2014",),
    "gru": ("cho2014", "carrasquilla2019"),
    "spline-flow": ("durkan2019",),
    "realnvp": ("dinh2017",),
    "glow": ("kingma2018", "dinh2017"),
    "ffjord": ("grathwohl2019", "chen2018ode"),
    "equivariant-flow": ("dehaan2021", "gerdes2023"),
    "flow-matching": ("lipman2023", "pooladian2023"),
    "interpolant": ("albergo2023",),
    "diffusion": ("karras2022", "song2021"),
    "vae": ("kingma2014", "salimans2017"),
    "iwae": ("burda2016", "tucker2019"),
    "beta-tcvae": ("chen2018",),
    "factor-vae": ("kim2018",),
    "dhsic-vae": ("lopez2018",),
    "info-vae": ("zhao2019",),
    "wae-mmd": ("tolstikhin2018",),
    "wae-gan": ("tolstikhin2018",),
    "vae-iaf": ("kingma2016",),
    "vae-spline": ("rezende2015", "durkan2019"),
    "vae-vamp": ("tomczak2018",),
    "vae-sphere": ("davidson2018", "decao2020"),
    "autoencoder": ("hinton2006",),
    "gan": ("huang2024", "mescheder2018"),
    "gan-minimax": ("goodfellow2014",),
    "gan-non-saturating": ("goodfellow2014", "radford2016"),
    "gan-relativistic": ("jolicoeur2019",),
    "gan-r1": ("mescheder2018",),
    "gan-r1-r2": ("roth2017",),
    "wgan": ("arjovsky2017",),
    "wgan-gp": ("gulrajani2017",),
    "boltzmann": ("ackley1985", "besag1975"),
    "rbm": ("tieleman2008", "melchior2016", "melchior2017"),
    "ebm": ("du2019", "nijkamp2020", "vincent2011", "song2019sliced", "gutmann2012"),
    "max-entropy": ("kumar2019",),
    "povm-compact": ("cho2014", "carrasquilla2019"),
    "povm-gru": ("carrasquilla2019",),
    "povm-lstm": ("hochreiter1997", "carrasquilla2019"),
    "povm-transformer": ("vaswani2017", "cha2021"),
    "linear-autoregressive": ("neal1992",),
    "k-gram": ("mackay1995",),
    "product-of-marginals": (),
    "lstm": ("hochreiter1997",),
    "transformer": ("vaswani2017",),
    "pixelcnn": ("oord2016recurrent", "oord2016conditional", "salimans2017"),
    "pixelrnn": ("oord2016recurrent",),
    "nice": ("dinh2015",),
    "maf": ("papamakarios2017",),
    "iaf": ("kingma2016",),
    "nsf-ar": ("durkan2019",),
    "planar": ("rezende2015",),
    "radial": ("rezende2015",),
    "kernel-density": ("silverman1986", "li2003"),
    "born-machine": ("han2018", "glasser2019"),
}


def bibtex(recipe: str) -> str:
    """The papers of a recipe as BibTeX; empty where it has none.

    >>> print(bibtex("realnvp"))
    @misc{dinh2017,
      author = {Dinh, Laurent and Sohl-Dickstein, Jascha and Bengio, Samy},
      title = {Density estimation using {Real NVP}},
      year = {2017},
      eprint = {1605.08803},
      archivePrefix = {arXiv}
    }
    """
    return "\n\n".join(_entry(key, *PAPERS[key]) for key in _CITED.get(recipe, ()))


def _entry(key: str, authors: str, title: str, year: str, where: str) -> str:
    kind, fields = "misc", {"author": authors, "title": title, "year": year}
    if where.startswith("arXiv:"):
        fields |= {"eprint": where.removeprefix("arXiv:"), "archivePrefix": "arXiv"}
    else:
        kind = "inproceedings" if where.startswith("Proceedings") else "article"
        source, _, page = where.rpartition(", ")
        if kind == "article":
            source, _, fields["volume"] = source.rpartition(" ")
        fields |= {"booktitle" if kind == "inproceedings" else "journal": source, "pages": page}
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@{kind}{{{key},\n{lines}\n}}"
