"""Reference data for decoding, made by Hugging Face transformers on a model whose logits are a hash of the ids so far.

    python decoding.py beam    > fixtures/decoding/beam.json      # transformers 4.57
    python decoding.py groups  > fixtures/decoding/groups.json    # transformers 4.49, which has group beam search built in
    python decoding.py warpers > fixtures/decoding/warpers.json   # either

Needs torch and transformers; a tool for developers, not a part of the program. test/model/decoding/hash-model.ts is the
same model in TypeScript: its logits are whole numbers divided by a power of two, so both compute the very same floats.
"""

import json
import random
import sys

import torch
import transformers
from transformers import GenerationConfig, PretrainedConfig, PreTrainedModel
from transformers.generation import GenerationMixin, logits_process
from transformers.modeling_outputs import CausalLMOutput

VOCAB, SOT, EOT, PAD = 48, 46, 47, 0


def hash_logits(ids, seed, window, eot_bias):
    """Logits in [0, 8) in steps of 2 ** -13, that of the end token raised by `eot_bias` (a multiple of 2 ** -13)."""
    state = 2166136261 ^ seed
    for token in ids[-window:]:
        state = ((state ^ token) * 16777619) & 0xFFFFFFFF
    row = []
    for token in range(VOCAB):
        bits = (state + token * 2654435761) & 0xFFFFFFFF
        bits = ((bits ^ (bits >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
        bits = ((bits ^ (bits >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
        bits ^= bits >> 16
        row.append((bits >> 16) / 8192 + (eot_bias if token == EOT else 0))
    return row


class HashModel(PreTrainedModel, GenerationMixin):
    config_class = PretrainedConfig
    main_input_name = "input_ids"

    def __init__(self, seed, window, eot_bias):
        super().__init__(PretrainedConfig(vocab_size=VOCAB))
        self.anchor = torch.nn.Parameter(torch.zeros(1))
        self.parameters_of_hash = (seed, window, eot_bias)

    def prepare_inputs_for_generation(self, input_ids, **_):
        return {"input_ids": input_ids}

    def forward(self, input_ids, **_):
        rows = [[hash_logits(ids, *self.parameters_of_hash)] for ids in input_ids.tolist()]
        return CausalLMOutput(logits=torch.tensor(rows, dtype=torch.float32))


def generate(case):
    model = HashModel(*(case["model"][name] for name in ("seed", "window", "eot_bias")))
    config = GenerationConfig(
        **case["options"], do_sample=False, use_cache=False, eos_token_id=EOT, pad_token_id=PAD, bos_token_id=SOT,
        return_dict_in_generate=True, output_scores=True, output_logits=True,
    )
    with torch.no_grad():
        out = model.generate(torch.tensor([case["prompt"]]), generation_config=config)
    sequences = []
    for ids in out.sequences.tolist():
        ids = ids[: ids.index(EOT) + 1] if EOT in ids else ids
        sequences.append(ids)
    result = {**case, "sequences": sequences}
    if getattr(out, "sequences_scores", None) is not None:
        result["sequences_scores"] = out.sequences_scores.tolist()
    else:
        result["token_logprobs"] = [
            torch.log_softmax(logits[0], -1)[token].item()
            for logits, token in zip(out.logits, sequences[0][len(case["prompt"]):])
        ]
    return result


def cases(kind, count):
    draw = random.Random(f"coca {kind}")
    pick = draw.choice
    for _ in range(count):
        # Not 20: transformers takes its own default for "20 more than the prompt".
        max_length = pick([4, 8, 12, 16, 22])
        prompt = [SOT] + [draw.randrange(1, SOT) for _ in range(pick([0, 0, 0, 1, 2]))]
        options = {
            "max_length": max_length,
            "min_length": pick([0, 0, 5, max_length // 2, max_length - 1]),
            "length_penalty": pick([0.0, 0.6, 1.0, 1.0, 1.0, 2.0, -1.0]),
            "early_stopping": pick([False, False, False, True, "never"]),
            "repetition_penalty": pick([1.0, 1.0, 1.3, 2.0, 0.8]),
            "no_repeat_ngram_size": pick([0, 0, 0, 1, 2, 3]),
        }
        if options["min_length"] >= max_length:
            options["min_length"] = max_length - 1
        if kind == "groups":
            groups, size = pick([(2, 1), (2, 2), (3, 1), (3, 2), (2, 3), (4, 2), (6, 1)])
            options |= {"num_beams": groups * size, "num_beam_groups": groups, "diversity_penalty": pick([0.2, 0.5, 1.5, 4.0])}
        else:
            options["num_beams"] = pick([1, 2, 3, 4, 5, 6, 6, 7, 8])
            if options["num_beams"] == 1:
                del options["length_penalty"], options["early_stopping"]
        options["num_return_sequences"] = pick([1, options["num_beams"], max(1, options["num_beams"] // 2)])
        if options["num_beams"] == 1:
            options["num_return_sequences"] = 1
        model = {
            "seed": draw.randrange(2**31),
            # With a short memory a model repeats itself, which is what repetition and n-gram rules are about.
            "window": pick([2, 3, 100, 100]),
            "eot_bias": pick([0, 0.5, 2, 3]),
        }
        yield {"prompt": prompt, "model": model, "options": options}


def warped(count):
    draw = random.Random("coca warpers")
    for _ in range(count):
        model = {"seed": draw.randrange(2**31), "window": 100, "eot_bias": 0}
        options = {
            "temperature": draw.choice([0.5, 0.7, 1.0, 1.5]),
            "top_k": draw.choice([0, 0, 1, 5, 20]),
            "top_p": draw.choice([1.0, 1.0, 0.1, 0.5, 0.9, 0.97]),
            "min_p": draw.choice([0.0, 0.0, 0.05, 0.3]),
            "repetition_penalty": draw.choice([1.0, 1.4]),
            "no_repeat_ngram_size": draw.choice([0, 2]),
            "min_length": draw.choice([0, 9]),
        }
        ids = [SOT] + [draw.randrange(1, 12) for _ in range(7)]
        scores = torch.tensor([hash_logits(ids, model["seed"], 100, 0)], dtype=torch.float32)
        config = GenerationConfig(**options, do_sample=True, eos_token_id=EOT, pad_token_id=PAD)
        config._eos_token_tensor = torch.tensor([EOT])
        processors = HashModel(0, 1, 0)._get_logits_processor(
            generation_config=config, input_ids_seq_length=len(ids), encoder_input_ids=torch.tensor([ids]),
            prefix_allowed_tokens_fn=None, logits_processor=logits_process.LogitsProcessorList(),
        )
        probabilities = torch.softmax(processors(torch.tensor([ids]), scores), -1)[0].tolist()
        yield {"ids": ids, "model": model, "options": options, "probabilities": {t: p for t, p in enumerate(probabilities) if p > 0}}


def main():
    kind = sys.argv[1]
    transformers.logging.set_verbosity_error()
    rows = warped(80) if kind == "warpers" else (generate(case) for case in cases(kind, {"beam": 300, "groups": 160}[kind]))
    print('{"made_by": "transformers %s", "vocab": %d, "sot": %d, "eot": %d, "pad": %d, "cases": [' % (transformers.__version__, VOCAB, SOT, EOT, PAD))
    print(",\n".join(json.dumps(row) for row in rows))
    print("]}")


if __name__ == "__main__":
    main()
