"""Files as clip-retrieval's inference writes them (clip_inference/writer.py): NumPy's own .npy and pandas' own Parquet.

    pip install numpy pandas pyarrow
    python scripts/reference/clip_retrieval.py

The embeddings are three made ones of four numbers, in half precision as clip-retrieval has them by default.
"""
from pathlib import Path

import numpy as np
import pandas as pd

out = Path(__file__).parents[2] / "fixtures" / "clip-retrieval"
(out / "img_emb").mkdir(parents=True, exist_ok=True)
(out / "metadata").mkdir(parents=True, exist_ok=True)
rows = np.array([[3, 4, 0, 0], [0, 0.5, 0, -0.25], [1e-3, 2, 7, 1]], dtype=np.float16)
with open(out / "img_emb" / "img_emb_0.npy", "wb") as file:
    np.save(file, rows)
paths = ["/pictures/a.jpg", "b c/é.png", "./d.webp"]
pd.DataFrame({"image_path": paths, "caption": ["a dog", "", "two"]}).to_parquet(out / "metadata" / "metadata_0.parquet")
