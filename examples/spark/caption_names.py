"""Captions of pictures that every worker can open by name: the names of a partition go through one `coca` by RDD.pipe.

    spark-submit caption_names.py NAMES OUT [PARTITIONS]

NAMES is a text file with one name a line, OUT a folder of text files: a JSON object a line, in any order.
"""

import os
import sys

from pyspark.sql import SparkSession

# Exit code 1 says that some pictures failed and 2 that all did: each has its line with `error`, and trying again would not
# help. Any other code fails the task, which Spark tries again (spark.task.maxFailures).
COMMAND = "sh -c 'coca caption --files - --jsonl --quiet --batch 8 || [ $? -le 2 ]'"

KEPT = ("PATH", "HOME", "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")


def main(names_file: str, out: str, partitions: str = "2") -> None:
    spark = SparkSession.builder.appName("coca captions by name").getOrCreate()
    names = spark.sparkContext.textFile(names_file).repartition(int(partitions))
    # A pipe has no environment but the one it is given: where `coca` and its models are must be the same on every worker.
    env = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("COCA_")}
    lines = names.pipe(COMMAND, env=env, checkCode=True)
    lines.saveAsTextFile(out)
    # A model that is missing also ends with 2, and answers nothing.
    asked, answered = names.count(), spark.sparkContext.textFile(out).count()
    spark.stop()
    if asked != answered:
        sys.exit(f"{answered} answers for {asked} pictures: the executors' logs say why")


if __name__ == "__main__":
    main(*sys.argv[1:])
