"""What TorchServe's worker needs of PyTorch when its handler does not use it: a class to compare with.

The worker imports torch only to see whether a handler returned a tensor of it. PyTorch itself is some gigabytes.
"""


class Tensor:
    """No value is one."""
