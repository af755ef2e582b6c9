"""Captions of pictures that come as bytes, from a DataFrame: mapInPandas, one `coca` a partition.

    spark-submit --py-files coca_process.py caption_bytes.py FOLDER OUT [PARTITIONS]

FOLDER holds pictures, on anything that Spark reads (hdfs:, s3a:, ...); OUT is a folder of Parquet files with the columns
image, caption, score and error.
"""

import sys
from collections.abc import Iterator

import pandas
from pyspark import TaskContext
from pyspark.sql import SparkSession

COLUMNS = ["image", "caption", "score", "error"]
SCHEMA = "image string, caption string, score double, error string"


def caption(batches: Iterator[pandas.DataFrame]) -> Iterator[pandas.DataFrame]:
    from coca_process import CocaProcess

    process = None
    try:
        for batch in batches:
            # A partition without pictures needs no model.
            process = process or CocaProcess(*device())
            yield rows(process.ask(zip(batch["path"], batch["content"], strict=True)))
        if process:
            yield rows(process.finish())
    finally:
        if process:
            process.close()


def device() -> list[str]:
    """Names the card that Spark gave to this task, if it gives out cards (spark.task.resource.gpu.amount)."""
    context = TaskContext.get()
    card = context.resources().get("gpu") if context else None
    return ["--device", f"cuda:{card.addresses[0]}"] if card else []


def rows(answers) -> pandas.DataFrame:
    found = [{**answer, "error": answer.get("error", {}).get("message")} for answer in answers]
    return pandas.DataFrame(found, columns=COLUMNS)


def main(folder: str, out: str, partitions: str = "2") -> None:
    spark = SparkSession.builder.appName("coca captions of bytes").getOrCreate()
    # What Arrow hands over at once lies in memory, and as files while it is answered.
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "64")
    files = spark.read.format("binaryFile").option("pathGlobFilter", "*.{png,jpg,jpeg,webp,gif,tif,tiff,avif}").load(folder)
    pictures = files.select("path", "content").repartition(int(partitions))
    pictures.mapInPandas(caption, SCHEMA).write.parquet(out)
    captions = spark.read.parquet(out)
    failed = captions.where("error is not null").count()
    print(f"{captions.count() - failed} captions, {failed} failed")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
