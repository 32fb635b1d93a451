"""What all tests share: the settings under which training gives the same bits."""

import os

os.environ.setdefault("MKL_CBWR", "AUTO")  # before torch's first product; see framework/product.py

import torch

torch.set_num_threads(1)
