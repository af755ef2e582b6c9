"""Archives as other programs write them, and what other programs read in coca's files.

    python3 -m venv venv && venv/bin/pip install numpy pandas pyarrow duckdb webdataset
    venv/bin/python scripts/reference/archives.py make fixtures/archives   # the fixtures of test/model/data/archives.test.ts
    venv/bin/python scripts/reference/archives.py read FOLDER              # JSON of what is read in FOLDER, for the tests
"""

import json
import struct
import sys
import zlib
from pathlib import Path


def png(i: int) -> bytes:
    """A picture of 8 x 8 pixels of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + bytes([i * 37 % 256, i * 101 % 256, i * 59 % 256]) * 8
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * 8)) + chunk(b"IEND", b"")


def make(folder: Path) -> None:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    import webdataset as wds

    folder.mkdir(parents=True, exist_ok=True)
    pictures = [png(i) for i in range(6)]
    names = [f"{i}.png" for i in range(6)]
    table = pa.table({"id": list(range(6)), "jpg": pa.array(pictures, pa.binary()), "caption": names})
    pq.write_table(table, folder / "snappy.parquet", row_group_size=4)
    pq.write_table(table, folder / "zstd.parquet", row_group_size=4, compression="zstd", write_page_index=True, data_page_size=100)
    pq.write_table(table, folder / "gzip.parquet", compression="gzip")
    structs = pa.array([{"bytes": p, "path": n} for p, n in zip(pictures, names)])
    pq.write_table(pa.table({"label": list(range(6)), "image": structs}), folder / "struct.parquet")
    pd.DataFrame({"image_path": [*names[:5], None], "caption": names}).to_parquet(folder / "paths.parquet")
    pq.write_table(pa.table({"x": [1, 2], "y": ["a", "b"]}), folder / "other.parquet")
    with wds.TarWriter(str(folder / "shard.tar"), mtime=0) as tar:
        for i, picture in enumerate(pictures):
            tar.write({"__key__": f"{i:06d}", "png": picture, "txt": names[i], "json": {"i": i}})
    for name, picture in zip(names, pictures):
        (folder / name).write_bytes(picture)


def read(folder: Path) -> dict:
    import duckdb
    import numpy as np
    import pandas as pd
    import pyarrow.parquet as pq
    import webdataset as wds

    found: dict = {}
    for path in sorted(folder.glob("*.npy")):
        matrix = np.load(path)
        found[path.name] = {"dtype": str(matrix.dtype), "values": matrix.astype("f8").tolist()}
    for path in sorted(folder.glob("*.parquet")):
        table = pq.read_table(path)
        found[path.name] = {
            "types": {field.name: str(field.type) for field in table.schema},
            "pyarrow": table.to_pylist(),
            "pandas": json.loads(pd.read_parquet(path).to_json(orient="records", double_precision=15)),
            "duckdb": [list(row) for row in duckdb.sql(f"select * from '{path}'").fetchall()],
        }
    shards = [str(path) for path in sorted(folder.glob("*.tar"))]
    if shards:
        samples = wds.WebDataset(shards, shardshuffle=False)
        found["tar"] = [
            {key: value.hex() if isinstance(value, bytes) else value for key, value in sample.items() if key != "__local_path__"}
            for sample in samples
        ]
    return found


if __name__ == "__main__":
    verb, where = sys.argv[1:]
    if verb == "make":
        make(Path(where))
    else:
        json.dump(read(Path(where)), sys.stdout, default=str)
