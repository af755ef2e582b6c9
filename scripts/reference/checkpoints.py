"""Tables of positions as OpenCLIP interpolates them when a checkpoint is of pictures or texts of another size.

    python checkpoints.py fixtures/dual-encoders/positions.safetensors

image.N is the visual table of a grid of N x N for the grid of 4 x 4 in `image` [17, W]; text.N the table of N positions for `text` [12, W]. Made
with open_clip_torch 3.3.0, torch 2.11.0. A tool for developers, not a part of the program.
"""

import sys
from types import SimpleNamespace

import torch
from open_clip.model import resize_pos_embed, resize_text_pos_embed
from safetensors.torch import save_file

WIDTH = 6


def main(path):
    generator = torch.Generator().manual_seed(5)
    image = torch.randn((17, WIDTH), generator=generator)
    text = torch.randn((12, WIDTH), generator=generator)
    tensors = {"image": image, "text": text}
    for side in (1, 2, 3, 5, 7, 9):
        state = {"visual.positional_embedding": image}
        resize_pos_embed(state, SimpleNamespace(visual=SimpleNamespace(grid_size=(side, side))))
        tensors[f"image.{side}"] = state["visual.positional_embedding"].contiguous()
    for length in (5, 11, 13, 32):
        state = {"text.positional_embedding": text}
        tower = SimpleNamespace(positional_embedding=torch.empty(length, WIDTH))
        resize_text_pos_embed(state, SimpleNamespace(text=tower))
        tensors[f"text.{length}"] = state["text.positional_embedding"].contiguous()
    save_file(tensors, path)


if __name__ == "__main__":
    main(sys.argv[1])
