"""Steps of PyTorch's own Muon on a few small matrices.

    python muon.py > fixtures/training/muon.json

`torch.optim.Muon` (from 2.9 on) orthogonalises in bfloat16; here it keeps single precision, as this program does. A fused weight of
attention is given to it as the three matrices that it consists of. Needs torch; a tool for developers, not a part of the program.
"""

import json

import torch

torch.Tensor.bfloat16 = lambda self: self.clone()

OPTIONS = {"learning_rate": 0.02, "momentum": 0.9, "weight_decay": 0.1}
SHAPES = {
    "a.mlp.c_fc.weight": (6, 4),
    "b.mlp.c_proj.weight": (4, 6),
    "c.attn.in_proj_weight": (12, 4),
    "d.attn.out_proj.weight": (4, 4),
    "e.mlp.c_fc.weight": (6, 4),
}
STEPS = 3

torch.manual_seed(7)
start = {name: torch.randn(shape) for name, shape in SHAPES.items()}
gradients = [{name: torch.randn(shape) for name, shape in SHAPES.items()} for _ in range(STEPS)]


def matrices(name, tensor):
    return list(tensor.chunk(3)) if name.endswith("in_proj_weight") else [tensor]


parameters = {name: [torch.nn.Parameter(m.clone()) for m in matrices(name, t)] for name, t in start.items()}
optimizer = torch.optim.Muon(
    [p for parts in parameters.values() for p in parts],
    lr=OPTIONS["learning_rate"],
    momentum=OPTIONS["momentum"],
    weight_decay=OPTIONS["weight_decay"],
    adjust_lr_fn="match_rms_adamw",
)
for step in gradients:
    for name, parts in parameters.items():
        for parameter, gradient in zip(parts, matrices(name, step[name])):
            parameter.grad = gradient.clone()
    optimizer.step()

flat = lambda tensors: {name: [round(v, 7) for v in t.flatten().tolist()] for name, t in tensors.items()}
result = {name: torch.cat([p.detach() for p in parts]) for name, parts in parameters.items()}
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "options": OPTIONS,
            "shapes": SHAPES,
            "start": flat(start),
            "gradients": [flat(step) for step in gradients],
            "result": flat(result),
        }
    )
)
