"""Train one run with torch.nn in a process of its own, and write its last loss.

python -m bench.one_run HIDDEN SEED FILE
"""

import sys

import pandas as pd
import torch

from bench.peers import torch_nn
from scripts.study.schema import read_yaml

_, hidden, seed, path = sys.argv
torch.set_num_threads(1)
run, _ = torch_nn(read_yaml("config.yaml")["training"], hidden, [int(seed)])
pd.DataFrame({"hidden": [hidden], "seed": [int(seed)], "loss": run()}).to_csv(path, index=False)
