"""A grey page -> maps of its lines and areas: a small convolutional pyramid.

Where it stands: trained by ``training``, exported by ``export``, run by ``rasm/pages/finder.py``.

Down to a 64th of the resolution in residual stages, and up again with what was seen on the way added (Lin et al. 2017, "Feature Pyramid
Networks for Object Detection"); large type is seen at the coarse end, and small at the fine. The cores of lines come at half the resolution
(Shi et al. 2016, sub-pixel convolution), since those of neighbouring lines must not touch; all else at a quarter. That lines are found by
their shrunken cores is PSENet's and DBNet's way (Wang et al. 2019, Liao et al. 2020), with the heights above and below it as
numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.finder.config import MAPS, TURNS, FinderConfig


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


class Finder(nn.Module):
    """(batch, 1, height, width) levels / 255 - 0.5, of multiples of 64 ->
    cores: (batch, 1, height / 2, width / 2) logits; maps: (batch, len(MAPS), height / 4, width / 4); turns: (batch, 4) logits.
    """

    def __init__(self, config: FinderConfig) -> None:
        super().__init__()
        c, fine, coarse = config.channels, config.fine, config.coarse
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), _conv(16, c[0]))  # 1/4
        self.down8 = nn.Sequential(_conv(c[0], c[1], 2), _Residual(c[1]))
        self.down16 = nn.Sequential(_conv(c[1], c[2], 2), _Residual(c[2]), _Residual(c[2]))
        self.down32 = nn.Sequential(_conv(c[2], c[3], 2), _Residual(c[3]), _Residual(c[3]))
        self.down64 = nn.Sequential(_conv(c[3], c[4], 2), _Residual(c[4]))
        self.across = nn.ModuleList([nn.Conv2d(n, fine if i < 2 else coarse, 1) for i, n in enumerate(c)])
        self.up16, self.narrow = _conv(coarse, coarse), nn.Conv2d(coarse, fine, 1)
        self.up8, self.up4 = _conv(fine, fine), _conv(fine, fine)
        self.cores = nn.Conv2d(fine, 4, 1)
        self.maps = nn.Conv2d(fine, len(MAPS), 1)
        self.turns = nn.Linear(c[4], TURNS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x4 = self.stem(x)
        x8 = self.down8(x4)
        x16 = self.down16(x8)
        x32 = self.down32(x16)
        x64 = self.down64(x32)
        y = self.across[3](x32) + _doubled(self.across[4](x64))
        y = self.up16(self.across[2](x16) + _doubled(y))
        y = self.up8(self.across[1](x8) + _doubled(self.narrow(y)))
        y = self.up4(self.across[0](x4) + _doubled(y))
        cores = F.pixel_shuffle(self.cores(y), 2)  # (batch, 4, h/4, w/4) -> (batch, 1, h/2, w/2)
        return cores, self.maps(y), self.turns(x64.mean((2, 3)))


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def parameters_of(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def input_of(pixels: Tensor) -> Tensor:
    """uint8 (batch, height, width) -> what the network takes, in the layout that convolutions are quick in."""
    return (pixels[:, None].float() / 255 - 0.5).contiguous(memory_format=torch.channels_last)
