"""The papers that recipes cite. Needs no JAX."""

_Entry = tuple[str, str, str, str]
"""Authors, title, year, and where: an arXiv number or a journal with volume and page."""

PAPERS: dict[str, _Entry] = {
    "dempster1977": (
        "Dempster, A. P. and Laird, N. M. and Rubin, D. B.",
        "Maximum likelihood from incomplete data via the {EM} algorithm", "1977",
        "Journal of the Royal Statistical Society B 39, 1",
    ),
    "fraley2007": (
        "Fraley, Chris and Raftery, Adrian E.",
        "Bayesian regularization for normal mixture estimation and model-based clustering", "2007",
        "Journal of Classification 24, 155",
    ),
    "smyth1999": (
        "Smyth, Padhraic and Wolpert, David",
        "Linearly combining density estimators via stacking", "1999",
        "Machine Learning 36, 59",
    ),
    "germain2015": (
        "Germain, Mathieu and Gregor, Karol and Murray, Iain and Larochelle, Hugo",
        "{MADE}: Masked autoencoder for distribution estimation", "2015", "arXiv:1502.03509",
    ),
    "uria2014": (
        "Uria, Benigno and Murray, Iain and Larochelle, Hugo",
        "A deep and tractable density estimator", "2014", "arXiv:1310.1757",
    ),
    "dehaan2021": (
        "de Haan, Pim and Rainone, Corrado and Cheng, Miranda C. N. and Bondesan, Roberto",
        "Scaling up machine learning for quantum field theory with equivariant continuous flows",
        "2021", "arXiv:2110.02673",
    ),
    "gerdes2023": (
        "Gerdes, Mathis and de Haan, Pim and Rainone, Corrado and Bondesan, Roberto and "
        "Cheng, Miranda C. N.",
        "Learning lattice quantum field theories with equivariant continuous flows", "2023",
        "arXiv:2207.00283",
    ),
    "burda2016": (
        "Burda, Yuri and Grosse, Roger and Salakhutdinov, Ruslan",
        "Importance weighted autoencoders", "2016", "arXiv:1509.00519",
    ),
    "tucker2019": (
        "Tucker, George and Lawson, Dieterich and Gu, Shixiang and Maddison, Chris J.",
        "Doubly reparameterized gradient estimators for {Monte Carlo} objectives", "2019",
        "arXiv:1810.04152",
    ),
    "chen2018": (
        "Chen, Ricky T. Q. and Li, Xuechen and Grosse, Roger and Duvenaud, David",
        "Isolating sources of disentanglement in variational autoencoders", "2018",
        "arXiv:1802.04942",
    ),
    "lopez2018": (
        "Lopez, Romain and Regier, Jeffrey and Jordan, Michael I. and Yosef, Nir",
        "Information constraints on auto-encoding variational {Bayes}", "2018",
        "arXiv:1805.08672",
    ),
    "zhao2019": (
        "Zhao, Shengjia and Song, Jiaming and Ermon, Stefano",
        "{InfoVAE}: Balancing learning and inference in variational autoencoders", "2019",
        "arXiv:1706.02262",
    ),
    "tolstikhin2018": (
        "Tolstikhin, Ilya and Bousquet, Olivier and Gelly, Sylvain and Sch{\\\"o}lkopf, Bernhard",
        "{Wasserstein} auto-encoders", "2018", "arXiv:1711.01558",
    ),
    "hinton2006": (
        "Hinton, Geoffrey E. and Salakhutdinov, Ruslan R.",
        "Reducing the dimensionality of data with neural networks", "2006",
        "Science 313, 504",
    ),
    "cho2014": (
        "Cho, Kyunghyun and van Merri{\\\"e}nboer, Bart and Gulcehre, Caglar and Bahdanau, Dzmitry "
        "and Bougares, Fethi and Schwenk, Holger and Bengio, Yoshua",
        "Learning phrase representations using {RNN} encoder-decoder for statistical machine "
        "translation", "2014", "arXiv:1406.1078",
    ),
    "carrasquilla2019": (
        "Carrasquilla, Juan and Torlai, Giacomo and Melko, Roger G. and Aolita, Leandro",
        "Reconstructing quantum states with generative models", "2019", "arXiv:1810.10584",
    ),
    "durkan2019": (
        "Durkan, Conor and Bekasov, Artur and Murray, Iain and Papamakarios, George",
        "Neural spline flows", "2019", "arXiv:1906.04032",
    ),
    "dinh2015": (
        "Dinh, Laurent and Krueger, David and Bengio, Yoshua",
        "{NICE}: Non-linear independent components estimation", "2015", "arXiv:1410.8516",
    ),
    "papamakarios2017": (
        "Papamakarios, George and Pavlakou, Theo and Murray, Iain",
        "Masked autoregressive flow for density estimation", "2017", "arXiv:1705.07057",
    ),
    "kingma2016": (
        "Kingma, Diederik P. and Salimans, Tim and Jozefowicz, Rafal and Chen, Xi and "
        "Sutskever, Ilya and Welling, Max",
        "Improving variational inference with inverse autoregressive flow", "2016",
        "arXiv:1606.04934",
    ),
    "rezende2015": (
        "Rezende, Danilo Jimenez and Mohamed, Shakir",
        "Variational inference with normalizing flows", "2015", "arXiv:1505.05770",
    ),
    "dinh2017": (
        "Dinh, Laurent and Sohl-Dickstein, Jascha and Bengio, Samy",
        "Density estimation using {Real NVP}", "2017", "arXiv:1605.08803",
    ),
    "kingma2018": (
        "Kingma, Diederik P. and Dhariwal, Prafulla",
        "Glow: Generative flow with invertible 1x1 convolutions", "2018", "arXiv:1807.03039",
    ),
    "chen2018ode": (
        "Chen, Ricky T. Q. and Rubanova, Yulia and Bettencourt, Jesse and Duvenaud, David",
        "Neural ordinary differential equations", "2018", "arXiv:1806.07366",
    ),
    "grathwohl2019": (
        "Grathwohl, Will and Chen, Ricky T. Q. and Bettencourt, Jesse and Sutskever, Ilya and "
        "Duvenaud, David",
        "{FFJORD}: Free-form continuous dynamics for scalable reversible generative models", "2019",
        "arXiv:1810.01367",
    ),
    "lipman2023": (
        "Lipman, Yaron and Chen, Ricky T. Q. and Ben-Hamu, Heli and Nickel, Maximilian and "
        "Le, Matt",
        "Flow matching for generative modeling", "2023", "arXiv:2210.02747",
    ),
    "pooladian2023": (
        "Pooladian, Aram-Alexandre and Ben-Hamu, Heli and Domingo-Enrich, Carles and Amos, Brandon "
        "and Lipman, Yaron and Chen, Ricky T. Q.",
        "Multisample flow matching: Straightening flows with minibatch couplings", "2023",
        "arXiv:2304.14772",
    ),
    "albergo2023": (
        "Albergo, Michael S. and Vanden-Eijnden, Eric",
        "Building normalizing flows with stochastic interpolants", "2023", "arXiv:2209.15571",
    ),
    "karras2022": (
        "Karras, Tero and Aittala, Miika and Aila, Timo and Laine, Samuli",
        "Elucidating the design space of diffusion-based generative models", "2022",
        "arXiv:2206.00364",
    ),
    "song2021": (
        "Song, Yang and Sohl-Dickstein, Jascha and Kingma, Diederik P. and Kumar, Abhishek and "
        "Ermon, Stefano and Poole, Ben",
        "Score-based generative modeling through stochastic differential equations", "2021",
        "arXiv:2011.13456",
    ),
    "kingma2014": (
        "Kingma, Diederik P. and Welling, Max",
        "Auto-encoding variational {Bayes}", "2014", "arXiv:1312.6114",
    ),
    "salimans2017": (
        "Salimans, Tim and Karpathy, Andrej and Chen, Xi and Kingma, Diederik P.",
        "{PixelCNN++}: Improving the {PixelCNN} with discretized logistic mixture likelihood and "
        "other modifications", "2017", "arXiv:1701.05517",
    ),
    "huang2024": (
        "Huang, Yiwen and Gokaslan, Aaron and Kuleshov, Volodymyr and Tompkin, James",
        "The {GAN} is dead; long live the {GAN}! {A} modern {GAN} baseline", "2024",
        "arXiv:2501.05441",
    ),
    "mescheder2018": (
        "Mescheder, Lars and Geiger, Andreas and Nowozin, Sebastian",
        "Which training methods for {GANs} do actually converge?", "2018", "arXiv:1801.04406",
    ),
    "goodfellow2014": (
        "Goodfellow, Ian J. and Pouget-Abadie, Jean and Mirza, Mehdi and Xu, Bing and "
        "Warde-Farley, David and Ozair, Sherjil and Courville, Aaron and Bengio, Yoshua",
        "Generative adversarial networks", "2014", "arXiv:1406.2661",
    ),
    "radford2016": (
        "Radford, Alec and Metz, Luke and Chintala, Soumith",
        "Unsupervised representation learning with deep convolutional generative adversarial "
        "networks", "2016", "arXiv:1511.06434",
    ),
    "jolicoeur2019": (
        "Jolicoeur-Martineau, Alexia",
        "The relativistic discriminator: a key element missing from standard {GAN}", "2019",
        "arXiv:1807.00734",
    ),
    "roth2017": (
        "Roth, Kevin and Lucchi, Aurelien and Nowozin, Sebastian and Hofmann, Thomas",
        "Stabilizing training of generative adversarial networks through regularization", "2017",
        "arXiv:1705.09367",
    ),
    "arjovsky2017": (
        "Arjovsky, Martin and Chintala, Soumith and Bottou, L{\\'e}on",
        "{Wasserstein} {GAN}", "2017", "arXiv:1701.07875",
    ),
    "gulrajani2017": (
        "Gulrajani, Ishaan and Ahmed, Faruk and Arjovsky, Martin and Dumoulin, Vincent and "
        "Courville, Aaron",
        "Improved training of {Wasserstein} {GANs}", "2017", "arXiv:1704.00028",
    ),
    "ackley1985": (
        "Ackley, David H. and Hinton, Geoffrey E. and Sejnowski, Terrence J.",
        "A learning algorithm for {Boltzmann} machines", "1985", "Cognitive Science 9, 147",
    ),
    "besag1975": (
        "Besag, Julian",
        "Statistical analysis of non-lattice data", "1975",
        "Journal of the Royal Statistical Society D 24, 179",
    ),
    "tieleman2008": (
        "Tieleman, Tijmen",
        "Training restricted {Boltzmann} machines using approximations to the likelihood gradient",
        "2008", "Proceedings of ICML, 1064",
    ),
    "melchior2016": (
        "Melchior, Jan and Fischer, Asja and Wiskott, Laurenz",
        "How to center deep {Boltzmann} machines", "2016",
        "Journal of Machine Learning Research 17, 1",
    ),
    "melchior2017": (
        "Melchior, Jan and Wang, Nan and Wiskott, Laurenz",
        "{Gaussian}-binary restricted {Boltzmann} machines for modeling natural image statistics",
        "2017", "PLoS ONE 12, e0171015",
    ),
    "vincent2011": (
        "Vincent, Pascal",
        "A connection between score matching and denoising autoencoders", "2011",
        "Neural Computation 23, 1661",
    ),
    "song2019sliced": (
        "Song, Yang and Garg, Sahaj and Shi, Jiaxin and Ermon, Stefano",
        "Sliced score matching: A scalable approach to density and score estimation", "2019",
        "arXiv:1905.07088",
    ),
    "gutmann2012": (
        "Gutmann, Michael U. and Hyv{\\\"a}rinen, Aapo",
        "Noise-contrastive estimation of unnormalized statistical models, with applications to "
        "natural image statistics", "2012",
        "Journal of Machine Learning Research 13, 307",
    ),
    "du2019": (
        "Du, Yilun and Mordatch, Igor",
        "Implicit generation and modeling with energy based models", "2019", "arXiv:1903.08689",
    ),
    "nijkamp2020": (
        "Nijkamp, Erik and Hill, Mitch and Han, Tian and Zhu, Song-Chun and Wu, Ying Nian",
        "On the anatomy of {MCMC}-based maximum likelihood learning of energy-based models",
        "2020", "arXiv:1903.12370",
    ),
    "kumar2019": (
        "Kumar, Rithesh and Ozair, Sherjil and Goyal, Anirudh and Courville, Aaron and "
        "Bengio, Yoshua",
        "Maximum entropy generators for energy-based models", "2019", "arXiv:1901.08508",
    ),
    "hochreiter1997": (
        "Hochreiter, Sepp and Schmidhuber, J{\\\"u}rgen",
        "Long short-term memory", "1997", "Neural Computation 9, 1735",
    ),
    "oord2016recurrent": (
        "van den Oord, A{\\\"a}ron and Kalchbrenner, Nal and Kavukcuoglu, Koray",
        "Pixel recurrent neural networks", "2016", "arXiv:1601.06759",
    ),
    "oord2016conditional": (
        "van den Oord, A{\\\"a}ron and Kalchbrenner, Nal and Vinyals, Oriol and "
        "Espeholt, Lasse and Graves, Alex and Kavukcuoglu, Koray",
        "Conditional image generation with {PixelCNN} decoders", "2016", "arXiv:1606.05328",
    ),
    "vaswani2017": (
        "Vaswani, Ashish and Shazeer, Noam and Parmar, Niki and Uszkoreit, Jakob and Jones, Llion "
        "and Gomez, Aidan N. and Kaiser, {\\L}ukasz and Polosukhin, Illia",
        "Attention is all you need", "2017", "arXiv:1706.03762",
    ),
    "cha2021": (
        "Cha, Peter and Ginsparg, Paul and Wu, Felix and Carrasquilla, Juan and "
        "McMahon, Peter L. and Kim, Eun-Ah",
        "Attention-based quantum tomography", "2021", "arXiv:2006.12469",
    ),
    "silverman1986": (
        "Silverman, Bernard W.",
        "Density estimation for statistics and data analysis", "1986", "Chapman and Hall",
    ),
    "li2003": (
        "Li, Qi and Racine, Jeff",
        "Nonparametric estimation of distributions with categorical and continuous data", "2003",
        "Journal of Multivariate Analysis 86, 266",
    ),
    "neal1992": (
        "Neal, Radford M.",
        "Connectionist learning of belief networks", "1992", "Artificial Intelligence 56, 71",
    ),
    "mackay1995": (
        "MacKay, David J. C. and Peto, Linda C. Bauman",
        "A hierarchical {Dirichlet} language model", "1995",
        "Natural Language Engineering 1, 289",
    ),
    "han2018": (
        "Han, Zhao-Yu and Wang, Jun and Fan, Heng and Wang, Lei and Zhang, Pan",
        "Unsupervised generative modeling using matrix product states", "2018",
        "arXiv:1709.01662",
    ),
    "glasser2019": (
        "Glasser, Ivan and Sweke, Ryan and Pancotti, Nicola and Eisert, Jens and "
        "Cirac, J. Ignacio",
        "Expressive power of tensor-network factorizations for probabilistic modeling, with "
        "applications from hidden {Markov} models to quantum machine learning", "2019",
        "arXiv:1907.03741",
    ),
    "kim2018": (
        "Kim, Hyunjik and Mnih, Andriy",
        "Disentangling by factorising", "2018", "arXiv:1802.05983",
    ),
    "tomczak2018": (
        "Tomczak, Jakub M. and Welling, Max",
        "{VAE} with a {VampPrior}", "2018", "arXiv:1705.07120",
    ),
    "davidson2018": (
        "Davidson, Tim R. and Falorsi, Luca and De Cao, Nicola and Kipf, Thomas and "
        "Tomczak, Jakub M.",
        "Hyperspherical variational auto-encoders", "2018", "arXiv:1804.00891",
    ),
    "decao2020": (
        "De Cao, Nicola and Aziz, Wilker",
        "The power spherical distribution", "2020", "arXiv:2006.04437",
    ),
}  # fmt: skip
