"""The network: convolutions, bidirectional LSTM, a softmax over characters for every fourth pixel column.

Where it stands: trained by ``train.py``, exported by ``export.py``; reading uses the exported graph and never this file.
Sources: Shi, Bai and Yao 2015, "An End-to-End Trainable Neural Network for Image-based Sequence Recognition" (CRNN);
He et al. 2015, "Deep Residual Learning" (the blocks); Graves et al. 2006 (CTC).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.config import CRNNConfig

_STRIDES = ((2, 2), (2, 1), (2, 1))  # (height, width) of the three stages; the stem halves both


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut: (batch, c_in, h, w) -> (batch, c_out, h / stride, w / stride)."""

    def __init__(self, c_in: int, c_out: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(c_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != (1, 1) or c_in != c_out:
            self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class CRNN(nn.Module):
    """Line images to log-probabilities. ``height_px`` must be a multiple of 16, widths one of 4 * ``config.steps_at_once``.

    A recurrent step costs nearly the same whatever it is given. So an LSTM that takes two steps at a time, and tells both of them
    apart at its output, takes half the time for a line (low frame rate: Pundak and Sainath 2016).
    """

    def __init__(self, config: CRNNConfig, height_px: int, classes: int) -> None:
        super().__init__()
        stem, *stages = config.channels
        layers: list[nn.Module] = [nn.Conv2d(1, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU()]
        channels = stem
        for width, count, stride in zip(stages, config.blocks, _STRIDES, strict=True):
            for i in range(count):
                layers.append(ResidualBlock(channels, width, stride if i == 0 else (1, 1)))
                channels = width
        self.cnn = nn.Sequential(*layers)
        # what is left of the height becomes one row, by a convolution as high as that
        self.classes, together = classes, config.steps_at_once
        self.collapse = nn.Conv2d(channels, config.projection, (height_px // 16, together), (1, together), bias=False)
        self.collapse_norm = nn.BatchNorm2d(config.projection)
        between = config.dropout if config.lstm_layers > 1 else 0.0
        self.lstm = nn.LSTM(config.projection, config.lstm_size, config.lstm_layers, bidirectional=True, dropout=between)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(2 * config.lstm_size, classes * together)
        # oneDNN and cuDNN are fastest with channels last. But oneDNN (torch 2.13, CPU) writes past its buffers in the backward pass
        # where channels do not fill its blocks of 16
        if all(channels % 16 == 0 for channels in (*config.channels, config.projection)):
            self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def features(self, images: Tensor) -> Tensor:
        """(batch, 1, height_px, width_px) uint8 -> (steps / steps_at_once, batch, projection). Pixels become floats here alone."""
        x = 1.0 - images.float() / 255.0  # ink 1, paper 0: the zeros that convolutions pad with are paper
        x = self.cnn(x)  # (batch, channels, height / 16, width / 4)
        x = torch.relu(self.collapse_norm(self.collapse(x)))  # (batch, projection, 1, steps / steps_at_once)
        return x.squeeze(2).permute(2, 0, 1)

    def logits(self, images: Tensor) -> Tensor:
        """(batch, 1, height_px, width_px) uint8 -> (steps, batch, classes)."""
        x = self.features(images)
        with torch.autocast(images.device.type, enabled=False):  # recurrent steps lose too much in 16 bits, and win little
            y, _ = self.lstm(x.float())
            return self.apart(self.output(self.dropout(y)))

    def apart(self, scores: Tensor) -> Tensor:
        """(steps / steps_at_once, batch, classes * steps_at_once) -> (steps, batch, classes)."""
        return scores.unflatten(2, (-1, self.classes)).transpose(1, 2).flatten(0, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(batch, 1, height_px, width_px) uint8 -> log-probabilities (steps, batch, classes), as ``nn.CTCLoss`` takes them."""
        return self.logits(images).log_softmax(2)


def ctc_loss(log_probabilities: Tensor, targets: Tensor, target_lengths: Tensor, unlabelled: Tensor) -> Tensor:
    """Mean CTC loss a line, blind to classes that a line's transcriber left out.

    log_probabilities: (steps, batch, classes). targets: all labels in one row. target_lengths: (batch,), in the CPU's memory.
    unlabelled: (batch, classes) bool, there too, the classes of each line that its label omits though they may be printed (books
    whose transcription drops the diacritics). Their probability counts as blank's there, so the network is free to read such a
    sign or not. It learns the sign from lines that do label it, and is not taught to drop what it sees.
    """
    if unlabelled.any():
        hidden = unlabelled.to(log_probabilities.device, non_blocking=True)[None]  # (1, batch, classes)
        omitted = log_probabilities.masked_fill(~hidden, float("-inf"))
        omitted[:, :, 0] = log_probabilities[:, :, 0]
        blank = omitted.logsumexp(2, keepdim=True)
        log_probabilities = torch.cat([blank, log_probabilities[:, :, 1:].masked_fill(hidden[:, :, 1:], -1e4)], 2)
    steps, batch, _ = log_probabilities.shape
    lengths = torch.full((batch,), steps, dtype=torch.long)
    # zero_infinity: preprocess.py and the synthesizer have already refused labels that do not fit
    losses = nn.functional.ctc_loss(log_probabilities, targets, lengths, target_lengths, reduction="none", zero_infinity=True)
    return losses.mean()
