"""OpenCLIP on a list of photographs, with PyTorch's DataLoader: what `npm run bench -- many` compares with.

usage: python peer_many.py MODEL_FOLDER LIST embed|greedy|beam

Prints, for each photograph in its order, the ids of its caption as JSON, or null.
"""
import json
import sys

import torch
from peer import BEAM, END, GREEDY, load
from PIL import Image
from torch.utils.data import DataLoader, Dataset

WORKERS = 2
BATCH = {"embed": 32, "greedy": 32, "beam": 8}


class Photographs(Dataset):
    def __init__(self, names, preprocess):
        self.names, self.preprocess = names, preprocess

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        return self.preprocess(Image.open(self.names[index]))


def caption_of(ids):
    """Up to the end token: `generate` pads a batch."""
    ids = ids.tolist()
    return ids[: ids.index(END) + 1] if END in ids else ids


def main(folder, names, task):
    model, preprocess = load(folder)
    loader = DataLoader(Photographs(names, preprocess), batch_size=BATCH[task], num_workers=WORKERS)
    with torch.inference_mode():
        for pictures in loader:
            if task == "embed":
                model.encode_image(pictures)
                found = [None] * len(pictures)
            else:
                found = map(caption_of, model.generate(pictures, **(GREEDY if task == "greedy" else BEAM)))
            for ids in found:
                print(json.dumps(ids))


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf8") as file:
        main(sys.argv[1], file.read().split("\n")[:-1], sys.argv[3])
