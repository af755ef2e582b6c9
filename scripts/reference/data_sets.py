"""Data sets as Python's own readers read them: json.loads, pandas.read_csv, webdataset's tar iterators.

    pip install pandas==3.1.1 webdataset==1.0.2
    python scripts/reference/data_sets.py fixtures/data-sets/golden.json

Names that are no UTF-8 are told with lone surrogates, as Python has them (PEP 383).
"""

import base64
import gzip
import io
import json
import math
import sys
import tarfile

import pandas
from webdataset import tariterators

JSON_TEXTS = [
    '{"caption": "a", "similarity": NaN}', '[Infinity, -Infinity, NaN]', '-NaN', '+Infinity', 'nan', 'NaNs', '{NaN: 1}', '1NaN',
    '"NaN"', '"a \\" NaN"', '["\\\\", NaN, "\\\\\\" Infinity"]', '{"NaN": NaN}', '[NaN', '"NaN', '[1e999, NaN, -1e999]',
    '9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993', '[12345678901234567890, 12345678901234567891]',
    '012345678901234567890', '{12345678901234567890: 1}', '{"12345678901234567890": 12345678901234567890}', '"12345678901234567890"',
    '0.12345678901234567890', '1234567890123456789e1', '12345678901234567890.0', '-0', '[9007199254740993 , {"a": "9007199254740993"}]',
    '9' * 4300, '9' * 4301, '{"a": 1, "a": NaN}', '[1 NaN]', 'NaN NaN', ' NaN ', '[NaN,]',
]

TABLES = {
    'short-rows.csv': 'filepath,title,extra\na.jpg,one\nb.jpg\nc.jpg,three,3\n',
    'doubled-header.csv': 'filepath,title,title\na.jpg,first,second\nb.jpg,,second\n',
    'bom.csv': '\ufefffilepath,title\r\na.jpg,one\r\n\r\nb.jpg,two',
    'quotes.csv': 'title,filepath\n"one, two",a.jpg\n"two\nlines",b.jpg\n"a ""word""",c.jpg\n5" pipe,d.jpg\n" spaces ",e.jpg\n',
    'tabs.tsv': 'filepath\ttitle\na.jpg\tone, two\nb.jpg\t"three\tfour"\n',
}


def tagged(value):
    """A JSON value that says what JSON cannot: numbers as text."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {'integer': str(value)}
    if isinstance(value, float):
        return {'number': 'NaN' if math.isnan(value) else ('-' if value < 0 else '') + 'Infinity' if math.isinf(value) else repr(value)}
    if isinstance(value, list):
        return [tagged(entry) for entry in value]
    return [[key, tagged(entry)] for key, entry in value.items()]


def read_json(text):
    try:
        return {'text': text, 'value': tagged(json.loads(text))}
    except ValueError:
        return {'text': text}


def read_table(name, text):
    frame = pandas.read_csv(io.StringIO(text), sep='\t' if name.endswith('.tsv') else ',', dtype=str, keep_default_na=False)
    rows = [[path, title if isinstance(title, str) else ''] for path, title in zip(frame['filepath'], frame['title'])]
    return {'name': name, 'text': text, 'rows': rows}


def add(archive, name, kind=tarfile.REGTYPE, link=''):
    content = f'content of member {len(archive.getmembers())}'.encode()
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(content) if info.isreg() else 0
    archive.addfile(info, io.BytesIO(content))


def pairs(*keys):
    return [(f'{key}.{ending}',) for key in keys for ending in ('jpg', 'txt')]


SHARDS = {
    'plain': [('./', tarfile.DIRTYPE), *pairs('./0', './d.e/1'), ('2.JPG',), ('2.Txt',), ('README',), ('.hidden.jpg',)],
    'facts': [('__facts__',), ('__facts__/0.jpg',), *pairs('__0', '1')],
    'apart': [('a.jpg',), ('b.jpg',), ('a.txt',), ('b.txt',)],
    'again': [*pairs('a', 'b', 'a')],
    'twice': [*pairs('a', 'a', 'b')],
    'twice in two cases': [('a.jpg',), ('a.JPG',), ('a.txt',), *pairs('b')],
    'links': [*pairs('a'), ('b.jpg', tarfile.LNKTYPE, 'a.jpg'), ('b.txt',), ('c.jpg', tarfile.SYMTYPE, 'a.jpg'), ('c.txt',), *pairs('d')],
    'contiguous': [('a.jpg', tarfile.CONTTYPE), ('a.txt',)],
    'names that are no UTF-8': pairs('\udce9', '\udcea', '\xfc'),
    'long names': pairs('y' * 150 + '\udce9', 'y' * 150 + '\udcea', '\xfc' * 80),
}
FORMATS = {'gnu': tarfile.GNU_FORMAT, 'pax': tarfile.PAX_FORMAT, 'ustar': tarfile.USTAR_FORMAT}


def shard(entries, kind):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode='w', format=FORMATS[kind], errors='surrogateescape') as archive:
        for entry in entries:
            add(archive, *entry)
    content = file.getvalue().rstrip(b'\0')
    return content + bytes(-len(content) % 512 + 1024)


def read_shard(name, kind, data):
    problems = []

    def go_on(error):
        problems.append(str(error).split(':')[0].strip('("'))
        return True

    files = tariterators.tar_file_expander([{'url': name, 'stream': io.BytesIO(data)}], handler=go_on)
    samples = [
        [sample['__key__'], {ending: value.decode() for ending, value in sample.items() if not ending.startswith('__')}]
        for sample in tariterators.group_by_keys(files, handler=go_on)
    ]
    packed = base64.b64encode(gzip.compress(data, mtime=0)).decode()
    return {'name': f'{name}, {kind}', 'tar': packed, 'samples': samples, 'refused': problems}


def main(path):
    shards = [
        read_shard(name, kind, shard(entries, kind))
        for name, entries in SHARDS.items()
        for kind in FORMATS
        if not (name == 'long names' and kind == 'ustar')
    ]
    golden = {
        'json': [read_json(text) for text in JSON_TEXTS],
        'tables': [read_table(name, text) for name, text in TABLES.items()],
        'shards': shards,
    }
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(golden, file, indent=1)
        file.write('\n')


main(sys.argv[1])
