"""Captions of a folder's pictures by Ray Data: one `coca serve` an actor.

    python3 caption_ray.py FOLDER OUT [ACTORS]

FOLDER holds pictures, on anything that Ray reads (s3:, gs:, ...); OUT is a folder of Parquet files with the columns image,
caption, score and error.
"""

import sys
from typing import Any

import pandas
import ray

from coca_server import CocaServer

PICTURES = ["png", "jpg", "jpeg", "webp", "gif", "tif", "tiff", "avif"]


class Captioner:
    def __init__(self, *options: str) -> None:
        self.server = CocaServer(*options)

    def __call__(self, batch: dict[str, Any]) -> pandas.DataFrame:
        answers = self.server.captions(batch["bytes"])
        return pandas.DataFrame(
            {
                "image": batch["path"],
                "caption": [answer.get("caption") for answer in answers],
                "score": pandas.array([answer.get("score") for answer in answers], dtype="float64"),
                "error": [answer.get("error", {}).get("message") for answer in answers],
            }
        )

    def __del__(self) -> None:
        if hasattr(self, "server"):
            self.server.close()


def main(folder: str, out: str, actors: str = "2") -> None:
    pictures = ray.data.read_binary_files(folder, include_paths=True, file_extensions=PICTURES)
    # What actors hold is not free for tasks that read and write: together they must leave a CPU, or Ray waits forever.
    # With cards: num_gpus=1, and Ray shows each actor its own as the first (fn_constructor_args=["--device", "cuda"]).
    pool = ray.data.ActorPoolStrategy(size=int(actors))
    captions = pictures.map_batches(Captioner, batch_size=32, compute=pool, num_cpus=0.5)
    captions.write_parquet(out)
    written = ray.data.read_parquet(out)
    failed = written.filter(lambda row: row["error"] is not None).count()
    print(f"{written.count() - failed} captions, {failed} failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
