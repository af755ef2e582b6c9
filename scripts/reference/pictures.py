"""Pictures of the kinds that cameras, scanners and editors write, and their pixels: fixtures/pictures.

    python scripts/reference/pictures.py fixtures/pictures

Needs Pillow 13 (with AVIF), numpy, and libjpeg-turbo's jpegtran on the PATH; a tool for developers, not a part of the program.
The pixels are Pillow's: upright (EXIF), the high bytes of 16-bit gray, alpha laid over white. Where Pillow does not read a
kind, or reads it in other colours (marked TRUTH), they are those that the file was made of. `refused` is a part of the reason
why a file has none. `pixels` are RGB bytes, compressed by zlib, in base64.
"""

import base64
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from PIL import Image, ImageOps

W, H = 24, 16
y, x = np.mgrid[0:H, 0:W]
RGB = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), (255 - (x + y) * 6) % 256], -1).astype(np.uint8)
RGB[4:10, 8:15] = [200, 40, 30]
ALPHA = ((x * 11 + y * 29) % 256).astype(np.uint8)
GRAY = (RGB.astype(int) @ [299, 587, 114] // 1000).astype(np.uint8)
IMAGE = Image.fromarray(RGB)

OUT = sys.argv[1]
expected, pixels = {}, {}


def gray(samples):
    return np.repeat(samples[..., None], 3, 2)


def over_white(colours, alpha):
    c, a = colours.astype(float), alpha.astype(float)[..., None]
    return np.floor((c * a + 255 * (255 - a)) / 255 + 0.5).astype(np.uint8)


def read(path):
    with Image.open(path) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            return gray((np.array(image) >> 8).astype(np.uint8))
        if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
            rgba = np.array(image.convert("RGBA"))
            return over_white(rgba[..., :3], rgba[..., 3])
        return np.array(image.convert("RGB"))


def put(name, data, truth=None, within=0, refused=None):
    """truth: pixels that need no Pillow. within: how far from them a sample may be; refused: a part of the reason."""
    path = os.path.join(OUT, name)
    with open(path, "wb") as file:
        file.write(data)
    if refused is not None:
        expected[name] = {"refused": refused}
        return
    rgb = read(path) if truth is None else truth
    key = hashlib.sha256(rgb.tobytes()).hexdigest()[:8]
    pixels[key] = base64.b64encode(zlib.compress(rgb.tobytes(), 9)).decode()
    expected[name] = {"width": rgb.shape[1], "height": rgb.shape[0], "pixels": key, "within": within}


def save(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


# ---- JPEG


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def segments(jpeg):
    """[(marker, start, end)]; marker None for what is coded in a scan."""
    found, at = [], 2
    while True:
        marker = jpeg[at + 1]
        if marker == 0xD9:
            return [*found, (marker, at, at + 2)]
        end = at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        found.append((marker, at, end))
        at = end
        if marker == 0xDA:
            while not (jpeg[at] == 0xFF and jpeg[at + 1] != 0 and not 0xD0 <= jpeg[at + 1] <= 0xD7):
                at += 1
            found.append((None, end, at))


def find(jpeg, marker, number=0):
    return [part for part in segments(jpeg) if part[0] == marker][number][1:]


def insert(data, at, more):
    return data[:at] + more + data[at:]


def jpegtran(jpeg, *options):
    return subprocess.run(["jpegtran", *options], input=jpeg, capture_output=True, check=True).stdout


def jpegs():
    damaged = "cannot decode this JPEG"

    def encode(image=IMAGE, **options):
        return save(image, "JPEG", **{"quality": 90, "subsampling": 0, **options})

    whole = encode()
    kinds = {
        "444": whole,
        "420": encode(subsampling=2),
        "422": encode(subsampling=1),
        "gray": encode(IMAGE.convert("L")),
        "cmyk": encode(IMAGE.convert("CMYK")),
        "rgb": encode(keep_rgb=True),
        "progressive": encode(progressive=True),
        "restarts": encode(restart_marker_blocks=1),
        "arithmetic": jpegtran(whole, "-arithmetic"),
    }
    with tempfile.NamedTemporaryFile("w") as scans:
        scans.write("0;\n1;\n2;\n")
        scans.flush()
        kinds["scan-a-component"] = jpegtran(kinds["420"], "-scans", scans.name)
    for name, jpeg in kinds.items():
        put(f"jpeg-{name}.jpg", jpeg)

    # Harmless: what a sequential scan says of its band, as Samsung's cameras write it, and other values.
    for name, band in (("zeros", b"\0\0\0"), ("refining", b"\1\x3f\x11"), ("junk", b"\xaa\xbb\xcc")):
        for kind in ("444", "420", "gray", "scan-a-component"):
            end = find(kinds[kind], 0xDA)[1]
            put(f"jpeg-band-{name}-{kind}.jpg", kinds[kind][: end - 3] + band + kinds[kind][end:])
    jfif = whole.index(b"JFIF\0") + 5
    for version in ((2, 1), (0, 0), (1, 9)):
        put(f"jpeg-jfif-{version[0]}.{version[1]}.jpg", whole[:jfif] + bytes(version) + whole[jfif + 2 :])
    after_jfif = find(whole, 0xE0)[1]
    bare = whole[:2] + whole[after_jfif:]
    for transform in (0, 1, 2, 77):
        adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))
        put(f"jpeg-adobe-{transform}.jpg", insert(bare, 2, adobe))
        cmyk = kinds["cmyk"]
        at = cmyk.index(b"Adobe") + 11
        put(f"jpeg-cmyk-adobe-{transform}.jpg", cmyk[:at] + bytes([transform]) + cmyk[at + 1 :])
    for marker in (0xE1, 0xE2, 0xE5, 0xEF, 0xFE):
        put(f"jpeg-segment-{marker:x}.jpg", insert(whole, after_jfif, segment(marker, b"anything at all")))
    for kind in ("444", "progressive", "restarts"):
        jpeg = kinds[kind]
        put(f"jpeg-stray-before-end-{kind}.jpg", insert(jpeg, find(jpeg, 0xD9)[0], b"\0\1\2stray bytes"))
        put(f"jpeg-stray-before-tables-{kind}.jpg", insert(jpeg, find(jpeg, 0xDB)[0], b"\7\xff\0stray"))
        put(f"jpeg-filling-{kind}.jpg", insert(jpeg, find(jpeg, 0xD9)[0], b"\xff" * 9))
    progressive, restarts = kinds["progressive"], kinds["restarts"]
    for scan in (1, 4):
        put(f"jpeg-stray-before-scan-{scan}.jpg", insert(progressive, find(progressive, 0xDA, scan)[0], b"stray"))
    first = restarts.index(b"\xff\xd0", find(restarts, 0xDA)[1])
    second = restarts.index(b"\xff\xd1", first)
    fewer = progressive[: find(progressive, 0xDA, 6)[0]] + b"\xff\xd9"  # legal: no more than DC has to be there
    put("jpeg-progressive-fewer-scans.jpg", fewer)
    put("jpeg-stray-before-restart.jpg", insert(restarts, first, b"\1\2"))
    put("jpeg-restart-at-end.jpg", insert(whole, find(whole, 0xD9)[0], b"\xff\xd0"))
    put("jpeg-interval-unused.jpg", insert(whole, find(whole, 0xDA)[0], segment(0xDD, b"\xff\xff")))
    put("jpeg-behind-the-end.jpg", whole + b"PK\3\4" + bytes(50))
    put("jpeg-mpo.jpg", save(IMAGE, "MPO", save_all=True, append_images=[IMAGE.transpose(0)], quality=90))
    tables = [whole[a:b] for marker, a, b in segments(whole) if marker != 0xC4]
    put("jpeg-standard-tables.jpg", whole[:2] + b"".join(tables))
    exif = Image.Exif()
    for orientation in (0, 3, 6, 9):
        exif[0x112] = orientation
        put(f"jpeg-exif-{orientation}.jpg", encode(exif=exif.tobytes()))

    # Harmful: pixels are missing or made up.
    start, end = find(whole, 0xDA)[1], find(whole, 0xD9)[0]
    for left in (1, 20, (end - start) // 2):
        put(f"jpeg-cut-{left}.jpg", whole[: end - left], refused=damaged)
        put(f"jpeg-cut-{left}-ended.jpg", whole[: end - left] + b"\xff\xd9", refused=damaged)
    put("jpeg-no-end.jpg", whole[:end], refused=damaged)
    put("jpeg-progressive-no-end.jpg", progressive[:-2], refused=damaged)
    put("jpeg-progressive-cut-ended.jpg", progressive[:-12] + b"\xff\xd9", refused=damaged)
    parts = kinds["scan-a-component"]
    put("jpeg-component-missing.jpg", parts[: find(parts, 0xDA, 2)[0]] + b"\xff\xd9", refused=damaged)
    put("jpeg-restart-missing.jpg", restarts[:first] + restarts[first + 2 :], refused=damaged)
    put("jpeg-restart-swapped.jpg", restarts[:first] + b"\xff\xd3" + restarts[first + 2 :], refused=damaged)
    put("jpeg-restart-interval-missing.jpg", restarts[:first] + restarts[second:], refused=damaged)
    interval = find(restarts, 0xDD)
    put("jpeg-interval-wrong.jpg", restarts[: interval[1] - 2] + b"\0\2" + restarts[interval[1] :], refused=damaged)
    put("jpeg-interval-without-restarts.jpg", insert(whole, find(whole, 0xDA)[0], segment(0xDD, b"\0\2")), refused=damaged)
    frame = find(whole, 0xC0)[0]
    higher = whole[: frame + 5] + struct.pack(">H", H + 16) + whole[frame + 7 :]
    put("jpeg-too-high.jpg", higher, refused=damaged)
    put("jpeg-12-bits.jpg", whole[: frame + 4] + b"\x0c" + whole[frame + 5 :], refused=damaged)
    ones = whole[: start + 20] + b"\xff\0" * 12 + whole[start + 44 :]
    put("jpeg-no-code.jpg", ones, refused=damaged)


# ---- TIFF

TAGS = dict(bits=258, compression=259, colours=262, fill=266, orientation=274, samples=277, rows=278, planes=284,
            predictor=317, palette=320, extra=338, form=339, coefficients=529, subsampling=530, reference=532)  # fmt: skip


def tiff(strips, order="<", size=(W, H), **tags):
    """A TIFF of one directory: shorts, and rationals for `coefficients` and `reference`."""
    values = {256: [size[0]], 257: [size[1]], 278: [size[1]]}
    values |= {TAGS[name]: value if isinstance(value, list) else [value] for name, value in tags.items()}
    body, values[273] = b"", []
    for strip in strips:
        values[273].append(8 + len(body))
        body += strip + b"\0" * (len(strip) % 2)
    values[279] = [len(strip) for strip in strips]
    directory = 8 + len(body)
    beyond = directory + 2 + 12 * len(values) + 4
    entries, more = b"", b""
    for tag in sorted(values):
        kind, form = (5, "II") if tag in (529, 532) else (4, "I") if tag in (273, 279) else (3, "H")
        data = b"".join(
            struct.pack(order + form, *((round(v * 10000), 10000) if kind == 5 else (v,))) for v in values[tag]
        )
        entry = struct.pack(order + "HHI", tag, kind, len(values[tag]))
        if len(data) > 4:
            entry += struct.pack(order + "I", beyond + len(more))
            more += data
        entries += entry if len(data) > 4 else entry + data.ljust(4, b"\0")
    magic = b"II" if order == "<" else b"MM"
    head = magic + struct.pack(order + "HI", 42, directory) + body + struct.pack(order + "H", len(values))
    return head + entries + bytes(4) + more


def tiffs():
    def plain(samples, colours, depth=8, compression=8, **tags):
        data = samples.tobytes()
        count = samples.shape[2] if samples.ndim == 3 else 1
        strips = [zlib.compress(data) if compression == 8 else data]
        return tiff(strips, bits=[depth] * count, samples=count, compression=compression, colours=colours, **tags)

    stack = np.dstack
    for form in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        put(f"tiff-rgb-{form}.tif", save(IMAGE, "TIFF", compression=form))
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr"):
        image = Image.fromarray(stack([RGB, ALPHA])).convert(mode)
        put(f"tiff-{mode}.tif", save(image, "TIFF", compression="tiff_lzw"))
    put("tiff-big.tif", save(Image.fromarray(stack([RGB, ALPHA])).convert("RGBX"), "TIFF", big_tiff=True))
    put("tiff-group4.tif", save(IMAGE.convert("1"), "TIFF", compression="group4"))
    pages = [Image.fromarray(255 - RGB)]
    put("tiff-pages.tif", save(IMAGE, "TIFF", save_all=True, append_images=pages, compression="tiff_lzw"))
    for orientation in (3, 6):
        put(f"tiff-orientation-{orientation}.tif", plain(RGB, 2, orientation=orientation))

    # Depths.
    wide = RGB.astype("<u2") * 256 + 37
    put("tiff-rgb-16.tif", plain(wide, 2, 16), RGB)
    put("tiff-rgb-16-big-endian.tif", plain(wide.astype(">u2"), 2, 16, order=">"), RGB)
    put("tiff-gray-16.tif", plain(wide[..., 0], 1, 16), gray(RGB[..., 0]))
    put("tiff-white-16.tif", plain(65535 - wide[..., 0], 0, 16), gray(RGB[..., 0]))  # TRUTH: Pillow leaves it negative
    put("tiff-cmyk-16.tif", plain(np.array(IMAGE.convert("CMYK")).astype("<u2") * 257, 5, 16))
    for depth in (1, 2, 4):
        most = (1 << depth) - 1
        values = (GRAY.astype(int) * most + 127) // 255
        bits = np.unpackbits(values.astype(np.uint8)[..., None], -1)[..., 8 - depth :].reshape(H, -1)
        data = np.packbits(bits, 1)
        tags = dict(bits=depth, samples=1, compression=1)
        reverse = np.packbits(np.unpackbits(data[..., None], -1, bitorder="little").reshape(H, -1), 1)
        palette = (np.arange(3 << depth) * 77 % 256) * 257
        put(f"tiff-black-{depth}.tif", tiff([data.tobytes()], colours=1, **tags))
        put(f"tiff-white-{depth}.tif", tiff([(255 - data).tobytes()], colours=0, **tags))
        put(f"tiff-reversed-{depth}.tif", tiff([reverse.tobytes()], colours=1, fill=2, **tags))
        put(f"tiff-palette-{depth}.tif", tiff([data.tobytes()], colours=3, palette=palette.tolist(), **tags))
    for name, samples, colours, depth, form in (
        ("int8", RGB.view(np.int8), 2, 8, 2),
        ("int16", GRAY.astype("<i2"), 1, 16, 2),
        ("uint32", GRAY.astype("<u4"), 1, 32, 1),
        ("float", (RGB / 255).astype("<f4"), 2, 32, 3),
    ):
        count = samples.shape[2] if samples.ndim == 3 else 1
        put(f"tiff-{name}.tif", plain(samples, colours, depth, form=[form] * count), refused="samples of type")

    # Samples after the colours: only what the file calls alpha is.
    multiplied = ((RGB.astype(int) * ALPHA[..., None] + 127) // 255).astype(np.uint8)
    over, none = over_white(RGB, ALPHA), np.zeros_like(ALPHA)
    put("tiff-rgb-alpha.tif", plain(stack([RGB, ALPHA]), 2, extra=2), over)
    put("tiff-rgb-associated.tif", plain(stack([multiplied, ALPHA]), 2, extra=1), over, within=1)
    put("tiff-rgb-unspecified.tif", plain(stack([RGB, ALPHA]), 2, extra=0), RGB)
    put("tiff-rgb-unsaid.tif", plain(stack([RGB, ALPHA]), 2), RGB)
    put("tiff-rgb-two.tif", plain(stack([RGB, none, ALPHA]), 2, extra=[0, 0]), RGB)
    put("tiff-rgb-three.tif", plain(stack([RGB, none, ALPHA, none]), 2, extra=[0, 0, 0]), RGB)
    put("tiff-rgb-alpha-second.tif", plain(stack([RGB, none, ALPHA]), 2, extra=[0, 2]), over)
    put("tiff-rgb-16-unspecified.tif", plain(stack([wide, wide[..., 0]]), 2, 16, extra=0), RGB)
    put("tiff-gray-alpha.tif", plain(stack([GRAY, ALPHA]), 1, extra=2), over_white(gray(GRAY), ALPHA))
    put("tiff-gray-unspecified.tif", plain(stack([GRAY, ALPHA]), 1, extra=0), gray(GRAY))
    put("tiff-white-unspecified.tif", plain(stack([255 - GRAY, ALPHA]), 0, extra=0), gray(GRAY))
    put("tiff-gray-unsaid.tif", plain(stack([GRAY, ALPHA]), 1), refused="2 samples a pixel, of which 1")
    put("tiff-gray-of-three.tif", plain(RGB, 1), refused="3 samples a pixel, of which 1")
    put("tiff-rgb-of-two.tif", plain(RGB[..., :2].copy(), 2), refused="2 samples a pixel, of which 3")
    inks = np.array(IMAGE.convert("CMYK"))
    inks[..., 3] = 60
    inked = np.array(Image.fromarray(inks, "CMYK").convert("RGB"))
    put("tiff-cmyk-alpha.tif", plain(stack([inks, ALPHA]), 5, extra=2), over_white(inked, ALPHA))
    put("tiff-cmyk-unspecified.tif", plain(stack([inks, ALPHA]), 5, extra=0), inked)

    # Planes.
    planes = [zlib.compress(RGB[..., c].tobytes()) for c in range(3)]
    tags = dict(bits=[8] * 3, samples=3, compression=8, planes=2)
    put("tiff-planes.tif", tiff(planes, colours=2, **tags))
    put("tiff-planes-ycbcr.tif", tiff(planes, colours=6, subsampling=[1, 1], **tags), refused="separate planes")

    # YCbCr.
    ycc = np.array(IMAGE.convert("YCbCr"))
    back = np.array(Image.fromarray(ycc, "YCbCr").convert("RGB"))
    luma = dict(coefficients=[0.299, 0.587, 0.114], reference=[0, 255, 128, 255, 128, 255])
    put("tiff-ycbcr.tif", plain(ycc, 6, subsampling=[1, 1], **luma), within=1)
    put("tiff-ycbcr-unsaid.tif", plain(ycc, 6, subsampling=[1, 1]), within=1)
    put("tiff-ycbcr-plain.tif", plain(ycc, 6, subsampling=[1, 1], compression=1), within=1)
    put("tiff-ycbcr-709.tif", plain(ycc, 6, subsampling=[1, 1], coefficients=[0.2126, 0.7152, 0.0722]), within=1)
    scaled = np.round((ycc.astype(float) - [0, 128, 128]) * [219 / 255, 224 / 255, 224 / 255] + [16, 128, 128])
    video = plain(scaled.astype(np.uint8), 6, subsampling=[1, 1], reference=[16, 235, 128, 240, 128, 240])
    put("tiff-ycbcr-video.tif", video, back, within=4)  # TRUTH: Pillow (libtiff) rounds chroma twice
    for across, down in ((2, 1), (2, 2)):
        units = b"".join(
            ycc[r : r + down, c : c + across, 0].tobytes() + ycc[r, c, 1:].tobytes()
            for r in range(0, H, down)
            for c in range(0, W, across)
        )
        data = tiff([zlib.compress(units)], bits=[8] * 3, samples=3, compression=8, colours=6,
                    subsampling=[across, down], **luma)  # fmt: skip
        put(f"tiff-ycbcr-{across}{down}.tif", data)
    put("tiff-ycbcr-16.tif", plain(ycc.astype("<u2") * 257, 6, 16, subsampling=[1, 1]), refused="YCbCr samples of 16 bits")

    # Other colours, and palettes that are none.
    for number, reason in ((8, "CIELab"), (9, "ICCLab"), (32803, "mosaic"), (34892, "raw linear"), (77, "unknown kind")):
        put(f"tiff-colours-{number}.tif", plain(RGB, number), refused=reason)
    put("tiff-palette-none.tif", plain(GRAY, 3), refused="palette")
    put("tiff-palette-short.tif", plain(GRAY, 3, palette=[1] * 300), refused="palette")
    put("tiff-zstandard.tif", plain(RGB, 2, compression=50000), refused="Zstandard")

    # JPEGs within: libtiff does not say that they are cut short.
    big = np.tile(RGB, (2, 2, 1))
    jpeg = save(Image.fromarray(big), "JPEG", quality=90, subsampling=0)
    tags = dict(size=(2 * W, 2 * H), bits=[8] * 3, samples=3, compression=7, colours=6, subsampling=[1, 1])
    put("tiff-jpeg.tif", tiff([jpeg], **tags))
    put("tiff-jpeg-cut.tif", tiff([jpeg[:-400]], **tags), refused="cannot decode this TIFF")
    put("tiff-jpeg-cut-ended.tif", tiff([jpeg[:-400] + b"\xff\xd9"], **tags), refused="cannot decode this TIFF")


# ---- PNG


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colours, depth, samples, interlaced=False, chunks=()):
    """samples: H x W x channels."""

    def lines(part):
        out = b""
        for line in part.reshape(part.shape[0], -1) if part.size else ():
            bits = np.unpackbits(line.astype(">u2").view(np.uint8)).reshape(-1, 16)[:, 16 - depth :]
            out += b"\0" + np.packbits(bits).tobytes()
        return out

    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    steps = passes if interlaced else ((0, 0, 1, 1),)
    data = zlib.compress(b"".join(lines(samples[b::dy, a::dx]) for a, b, dx, dy in steps))
    head = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, colours, 0, 0, interlaced)
    extra = b"".join(chunk(kind, content) for kind, content in chunks)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pngs():
    rgba = np.dstack([RGB, ALPHA]).astype(int)
    for depth in (1, 2, 4, 8, 16):
        most = (1 << depth) - 1
        narrow = lambda s: (s >> 8 if depth == 16 else s * 255 // most).astype(np.uint8)  # noqa: E731
        values = (rgba * most + 127) // 255
        one = values[..., :1]
        clear = int(one[2, 5, 0])
        for laced in (False, True):
            name = f"{depth}{'-interlaced' if laced else ''}"
            seen = gray(narrow(one[..., 0]))
            put(f"png-gray-{name}.png", png(0, depth, one, laced), seen)
            hidden = np.where(one[..., 0] == clear, 0, 255)
            # TRUTH: Pillow compares the samples of 16 bits, and of 2 and 4 when interlaced, after narrowing them.
            keyed = png(0, depth, one, laced, [(b"tRNS", struct.pack(">H", clear))])
            put(f"png-gray-key-{name}.png", keyed, over_white(seen, hidden))
            if depth < 16:
                palette = (np.arange(3 << depth) * 77 % 256).astype(np.uint8).reshape(-1, 3)
                alpha = (np.arange(1 << depth) * 50 % 256).astype(np.uint8)
                chunks = [(b"PLTE", palette.tobytes()), (b"tRNS", alpha.tobytes())]
                put(f"png-palette-{name}.png", png(3, depth, one, laced, chunks[:1]))
                put(f"png-palette-alpha-{name}.png", png(3, depth, one, laced, chunks))
            if depth >= 8:
                seen = narrow(values[..., :3])
                put(f"png-rgb-{name}.png", png(2, depth, values[..., :3], laced), seen)
                put(f"png-rgba-{name}.png", png(6, depth, values, laced), over_white(seen, narrow(values[..., 3])))
                put(f"png-gray-alpha-{name}.png", png(4, depth, values[..., ::3], laced))
    chunks = {
        "gamma": (b"gAMA", struct.pack(">I", 100000)),
        "primaries": (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)),
        "profile": (b"iCCP", b"x\0\0" + zlib.compress(b"not a profile")),
        "hdr": (b"cICP", bytes([9, 16, 0, 1])),
        "bits": (b"sBIT", bytes([5, 6, 5])),
        "background": (b"bKGD", struct.pack(">HHH", 255, 0, 0)),
        "unknown": (b"abCd", b"12"),
    }
    for name, extra in chunks.items():
        put(f"png-chunk-{name}.png", png(2, 8, RGB, chunks=[extra]), RGB)
    other = [Image.fromarray(255 - RGB)]
    for default in (False, True):
        animated = save(IMAGE, "PNG", save_all=True, append_images=other, default_image=default, duration=100)
        put(f"png-animated{'-with-default' if default else ''}.png", animated, RGB)


# ---- GIF


def lzw(values, bits):
    """GIF's codes without compression: cleared before they grow."""
    clear, held, count, out = 1 << bits, 0, 0, bytearray()
    codes, since = [clear], 0
    for value in values:
        if since == clear - 2:
            codes.append(clear)
            since = 0
        codes.append(int(value))
        since += 1
    for code in [*codes, clear + 1]:
        held |= code << count
        count += bits + 1
        while count >= 8:
            out.append(held & 255)
            held >>= 8
            count -= 8
    out.append(held & 255)
    blocks = [bytes(out[at : at + 255]) for at in range(0, len(out), 255)]
    return bytes([bits]) + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def gifs():
    colours, others = [(np.arange(48) * step % 256).astype(np.uint8).tobytes() for step in (77, 91)]
    values = (RGB[..., 0] >> 4) ^ (RGB[..., 1] >> 5)

    def frame(part, at=(0, 0), own=b"", control=None, laced=False, high=None):
        packed = (0x83 if own else 0) | (0x40 if laced else 0)
        rows = np.concatenate([part[0::8], part[4::8], part[2::4], part[1::2]]) if laced else part
        said = b"" if control is None else b"\x21\xf9\4" + bytes([control[1] << 2 | (control[0] >= 0)]) + b"\0\0"
        said += b"" if control is None else bytes([max(0, control[0]), 0])
        box = struct.pack("<HHHHB", *at, part.shape[1], high or part.shape[0], packed)
        return said + b"," + box + own + lzw(rows.reshape(-1), 4)

    def gif(*frames, table=colours, background=0, end=b";"):
        head = struct.pack("<HHBBB", W, H, 0xF3 if table else 0x70, background, 0)
        return b"GIF89a" + head + table + b"".join(frames) + end

    part = values[3:11, 4:16]
    put("gif-plain.gif", gif(frame(values)))
    put("gif-interlaced.gif", gif(frame(values, laced=True)))
    put("gif-own-colours.gif", gif(frame(values, own=others)))
    put("gif-only-own-colours.gif", gif(frame(values, own=others), table=b""))
    for disposal in range(4):
        second = frame(values[::-1], control=(3, 0))
        put(f"gif-transparent-disposal-{disposal}.gif", gif(frame(values, control=(3, disposal)), second))
    for name, control in (("opaque", (-1, 0)), ("unsaid", None), ("transparent", (3, 0))):
        for background in (0, 5):
            small = gif(frame(part, (4, 3), control=control), background=background)
            put(f"gif-small-{name}-{background}.gif", small)
    put("gif-small-own-colours.gif", gif(frame(part, (4, 3), own=others), background=4))
    put("gif-beyond-screen.gif", gif(frame(values, (5, 4))))
    # Decoders take 640 x 480 for a mistake, and would leave the surroundings out.
    screen = gif(frame(part, (4, 3)))
    put("gif-small-in-640.gif", screen[:6] + struct.pack("<HH", 640, 480) + screen[10:], refused="cannot decode this GIF")
    put("gif-no-pixels.gif", gif(frame(values[:0])), refused="cannot decode this GIF")
    put("gif-no-trailer.gif", gif(frame(values), end=b""))
    put("gif-second-frame-cut.gif", gif(frame(values), frame(values)[:-40], end=b""))
    put("gif-too-few-pixels.gif", gif(frame(values[:9], high=H)), refused="cannot decode this GIF")
    put("gif-no-colours.gif", gif(frame(values), table=b""), refused="cannot decode this GIF")


# ---- WebP and AVIF


def others():
    rgba = Image.fromarray(np.dstack([RGB, ALPHA]))
    second = [Image.fromarray(255 - RGB)]
    put("webp-lossy.webp", save(IMAGE, "WEBP"))
    put("webp-lossy-alpha.webp", save(rgba, "WEBP"))
    put("webp-lossless.webp", save(IMAGE, "WEBP", lossless=True), RGB)
    put("webp-lossless-alpha.webp", save(rgba, "WEBP", lossless=True, exact=True), over_white(RGB, ALPHA))
    animated = save(IMAGE, "WEBP", lossless=True, save_all=True, append_images=second, duration=100)
    put("webp-animated.webp", animated, RGB)

    # Without subsampling: decoders differ in how they make chroma larger.
    avif = dict(subsampling="4:4:4", quality=95)
    still = save(IMAGE, "AVIF", **avif)
    sequence = save(IMAGE, "AVIF", save_all=True, append_images=second, duration=100, **avif)
    put("avif-still.avif", still, within=3)
    put("avif-sequence.avif", sequence, within=3)
    for brand in (b"mif1", b"msf1"):
        put(f"avif-sequence-{brand.decode()}.avif", sequence[:8] + brand + sequence[12:], within=3)
    put("avif-brand-miaf.avif", still[:8] + b"miaf" + still[12:], read(os.path.join(OUT, "avif-still.avif")), within=3)
    put("avif-gray.avif", save(IMAGE.convert("L"), "AVIF", quality=95), within=3)
    put("avif-alpha.avif", save(rgba, "AVIF", **avif), within=4)
    put("avif-premultiplied.avif", save(rgba, "AVIF", alpha_premultiplied=True, **avif), within=8)
    put("avif-sequence-cut.avif", sequence[: len(sequence) // 2], refused="cannot decode this AVIF")


os.makedirs(OUT, exist_ok=True)
for kind in (jpegs, tiffs, pngs, gifs, others):
    kind()
with open(os.path.join(OUT, "expected.json"), "w") as out:
    json.dump({"files": expected, "pixels": pixels}, out, indent=1)
    out.write("\n")
