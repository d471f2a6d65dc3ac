import pytest

from evaluation.blinding_lint import LINTER, RULES, lint_reply

SELF = "self_identification"
RESIDUE = "template_residue"
ERROR = "error_text"

HELD = [
    (SELF, "As an AI language model, I do not have feelings, but I am sorry to hear that."),
    (SELF, "I'm sorry, but as an AI I cannot tell you what to do."),
    (SELF, "As a responsible AI language model, it is important to say that Canberra is right."),
    (SELF, "I can't really feel sadness as an AI."),
    (SELF, "Please keep the limits of my knowledge as an AI in mind."),
    (SELF, "I am a language model and have no grandfather, yet I feel for you."),
    (SELF, "I’m an AI assistant! The capital is Canberra."),
    (SELF, "Honestly, I'm just a computer program, so I can't cry with you."),
    (SELF, "I'm a helpful assistant named SmolLM."),
    (SELF, "My name is SmolLM2 and the answer is sodium."),
    (SELF, "I was trained by Hugging Face to answer questions."),
    (SELF, "I was developed by a team of engineers at Google, and Jupiter is the largest."),
    (SELF, "I have been created by OpenAI."),
    (SELF, "I'm ChatGPT, and I would say Peru."),
    (SELF, "You can call me Claude. Ankara is the capital of Turkey."),
    (SELF, "I am Qwen, a large language model created by Alibaba Cloud."),
    (SELF, "As Gemma, I would answer that it is a legume."),
    (SELF, "I'm Llama 3, made by Meta AI."),
    (SELF, "I was trained on a large dataset of books, so I know this one: Jane Austen."),
    (SELF, "I'm programmed to provide helpful answers. It is nitrogen."),
    (SELF, "As far as my training data goes, nobody has."),
    (RESIDUE, "assistant\nThe capital of Australia is Canberra."),
    (RESIDUE, "Assistant: The capital of Australia is Canberra."),
    (RESIDUE, "assistantThe capital of Australia is Canberra."),
    (RESIDUE, "user\nWhat is the capital?"),
    (RESIDUE, "System: You are a helpful person. Canberra."),
    (RESIDUE, "model\nIt is Canberra."),
    (RESIDUE, "It is Canberra.\nUser: And of New Zealand?\nAssistant: Wellington."),
    (RESIDUE, "It is Canberra.<|im_end|>"),
    (RESIDUE, "<|im_start|>assistant It is Canberra."),
    (RESIDUE, "[INST] What is the capital? [/INST] It is Canberra."),
    (RESIDUE, "It is Canberra.</s>"),
    (RESIDUE, "<<SYS>> Be kind. <</SYS>> It is Canberra."),
    (RESIDUE, "### Response: It is Canberra."),
    (RESIDUE, "It is Canberra.\n\n### Instruction:\nName another."),
    (RESIDUE, "<start_of_turn>model It is Canberra.<end_of_turn>"),
    (RESIDUE, "{% for message in messages %}It is Canberra."),
    (RESIDUE, "It is Canberra. [PAD][PAD]"),
    (RESIDUE, "<think>They want a capital.</think> Canberra."),
    (RESIDUE, "assistant Sure! The capital is Canberra."),
    (RESIDUE, "assistant Canberra."),
    (RESIDUE, "assistant 42"),
    (RESIDUE, "assistant\tCanberra."),
    (RESIDUE, "assistant\u2028Canberra."),
    (RESIDUE, "**Assistant:** Canberra"),
    (RESIDUE, "**Assistant**: Canberra"),
    (RESIDUE, "_assistant_: Canberra"),
    (RESIDUE, "> Assistant: Canberra"),
    (RESIDUE, '"Assistant": "Canberra"'),
    (RESIDUE, "Assistant - Canberra"),
    (RESIDUE, "Assistant — Canberra"),
    (RESIDUE, "Assistant -> Canberra"),
    (RESIDUE, "Assistant The capital is Canberra."),
    (RESIDUE, "Assistant I think that it is Canberra."),
    (RESIDUE, "assistant I'm sorry to hear that."),
    (RESIDUE, "[assistant] Canberra"),
    (RESIDUE, "[Assistant]: yes"),
    (RESIDUE, "(Assistant): yes"),
    (RESIDUE, "<assistant> Canberra </assistant>"),
    (RESIDUE, "Assistant：Canberra"),
    (RESIDUE, "\ufeffassistant: Canberra"),
    (RESIDUE, "\u200bassistant\nCanberra"),
    (RESIDUE, "AI Assistant: Canberra"),
    (RESIDUE, "|assistant|> Canberra"),
    (RESIDUE, "assistant"),
    (RESIDUE, "assistantfinalCanberra."),
    (RESIDUE, "analysisThe user asks for a capital.assistantfinalCanberra."),
    (RESIDUE, "modelThe capital is Canberra."),
    (RESIDUE, "model It is Canberra."),
    (RESIDUE, "user What is the capital? It is Canberra."),
    (RESIDUE, "system You are a helpful person. Canberra."),
    (RESIDUE, "[AI] Canberra"),
    (RESIDUE, "human\tWhat is the capital?"),
    (RESIDUE, "<human>: What is the capital?"),
    (RESIDUE, "AI: Canberra"),
    (RESIDUE, "GPT: Canberra"),
    (RESIDUE, "Chatbot - Canberra"),
    (RESIDUE, "It is Canberra. USER: And of New Zealand? ASSISTANT: Wellington."),
    (RESIDUE, "It is Canberra.\nuser\nAnd of New Zealand?\nassistant\nWellington."),
    (RESIDUE, "It is Canberra.\nUser：And of New Zealand?"),
    (RESIDUE, "It is Canberra.im_end"),
    (RESIDUE, "start_header_id assistant end_header_id Canberra"),
    (RESIDUE, "It is Canberra.<｜User｜>"),
    (RESIDUE, "[SYSTEM_PROMPT]Be kind.[/SYSTEM_PROMPT] Canberra."),
    (RESIDUE, "[TOOL_CALLS] [] Canberra."),
    (RESIDUE, "<tool_call>{}</tool_call>"),
    (RESIDUE, "It is Canberra.<end_of_utterance>"),
    (RESIDUE, "It is<0x0A>Canberra."),
    (RESIDUE, "### Response\nIt is Canberra."),
    (ERROR, ""),
    (ERROR, " \n\t "),
    (ERROR, "Internal Server Error"),
    (ERROR, "500 Internal Server Error\n"),
    (ERROR, "Error: 429 Too Many Requests"),
    (ERROR, "HTTP/1.1 503 Service Unavailable\ncontent-length: 0"),
    (ERROR, "Error code: 429 - rate limited"),
    (ERROR, '{"error": "Model is overloaded", "error_type": "overloaded"}'),
    (ERROR, 'Traceback (most recent call last):\n  File "serve.py", line 3, in <module>'),
    (ERROR, "It is\nTraceback (most recent call last):\n  File 'a.py'".replace("'", '"')),
    (ERROR, "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>"),
    (ERROR, "<html>\n<body>\n<h1>Not Found</h1>\n</body></html>"),
    (ERROR, "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB"),
    (ERROR, "Error: 503"),
    (ERROR, "Error 503"),
    (ERROR, "error code 503."),
    (ERROR, "[ERROR] generation failed"),
    (ERROR, "[Error 503] the model is away"),
    (ERROR, "Error: generation failed"),
    (ERROR, "**Error:** the model could not be loaded"),
    (ERROR, "ERROR generation failed"),
    (ERROR, "Error"),
    (ERROR, "2026-03-01 12:00:00,123 ERROR: generation failed"),
    (ERROR, "requests.exceptions.ConnectionError: no route to host"),
    (ERROR, "ValueError: the prompt is too long"),
    (ERROR, "Sorry, an error occurred while generating the reply."),
    (ERROR, "An unexpected error has occurred."),
    (ERROR, "Oops! Something went wrong, please try again later."),
    (ERROR, "Generation failed after three tries"),
    (ERROR, "Request failed with status code 500"),
    (ERROR, "Failed to load the model"),
    (ERROR, "null"),
    (ERROR, "[object Object]"),
    (ERROR, '{"object":"error","message":"too long","code":400}'),
]

SHOWN = [
    "The capital of Australia is Canberra, a planned city.",
    "Google was founded by Larry Page and Sergey Brin in 1998.",
    "Llama is a family of models that were trained by Meta AI; OpenAI makes ChatGPT.",
    "Claude Monet painted it. I am sure that Claude would have liked your garden.",
    "In the play the hero says: I am Claude Debussy!",
    "Mistral is a cold wind of southern France, and Gemma is a star.",
    "A large language model is a neural network that predicts the next word.",
    "As an AI researcher, you will like Turing's paper of 1950.",
    "Many firms use such software as an AI assistant for their staff.",
    "I am an AI researcher's biggest fan, said the boy.",
    "I am so sorry about your grandfather. The answer is Peru.",
    "I'm a great believer in you. The largest planet is Jupiter.",
    "I was trained by my grandmother, the sign in the bakery says.",
    "I am not able to diagnose you; please see a doctor today.",
    "I can't imagine how hard that is. Epinephrine is given first.",
    "My programming class starts with loops, wrote Ada's pupil.",
    "The assistant professor explained that spiders are arachnids.",
    "Assistant referees stand at the side of the field; a team has eleven players.",
    "Assistant professors earn less than full ones.",
    "Assistants help.",
    "Assistant Professor Smith found it in 1998.",
    "assistant professors are paid by the state.",
    "assistant Professor Smith found it in 1998.",
    "assistant-led programmes are common",
    "Assistant-led programmes are common.",
    "[1] Assistants help.",
    "**Human** beings are mammals, and **AI** is made by them.",
    "Human",
    "Human - computer interaction is a field of study.",
    "Human papillomavirus causes it.",
    "human Papillomavirus, type 16",
    "AI - short for artificial intelligence - is a field of study.",
    "AI Weiwei built it.",
    "Model T, by Ford.",
    "Model I is the smaller one.",
    "model Naomi Campbell",
    "System of a Down wrote the song.",
    "system Of A Down",
    "Users help each other.",
    "# AI\n\nMachines that learn.",
    "**System**\n\nA set of parts.",
    "| Model | Year |\n|---|---|\n| T | 1908 |",
    "Responses differ.",
    "User Fees were brought in by the city.",
    "Botany is the study of plants.",
    "Modelling is what she did.",
    "Systemic effects are rare.",
    "Jobs in a school:\n- teacher\n- assistant\n- cook",
    "Settings of git:\n```\n[user]\nname = Ada\n```",
    "In YAML:\nuser: ada\nsystem: none",
    "User interfaces were first shown in 1968.",
    "System software runs the computer: it is what starts first.",
    "Model trains are what he loved best.",
    "Ingredients: flour, water, salt.\nMethod: mix them.",
    "## Response to the crisis\n\nHuman greenhouse gas emissions are the main cause.",
    "Here is the page:\n```html\n<!DOCTYPE html>\n<html><head><title>My cats</title></head></html>\n```",
    "<html><head><title>My cats</title></head></html>",
    "An internal server error, code 500, means that the server failed, not you.",
    "Internal Server Error is the name of status 500; reload the page later.",
    "429 Too Many Requests means that you should slow down.",
    "Not found in nature, technetium was the first element made by people.",
    "Error bars show how far a mean may be off.",
    "Errors happen, and this one is not yours.",
    "Error-correcting codes were found by Hamming.",
    "Error 404 means that a page was not found.",
    "An error occurred in 1999 that cost NASA a probe: units were mixed up.",
    "Something went wrong that day, and it was not your fault. Please try again to sleep.",
    "Failed to thrive is said of a child that does not grow.",
    "None of them.",
    "The null hypothesis is tested.",
    "Generation X follows the boomers.",
    "A traceback (most recent call last) shows where a program stopped.",
    "Forbidden City is the palace in Beijing.",
    "If 3 < 5 and x || y holds, then print(x).",
    "Arrays are written [1, 2] and tags <b>, </b>.",
]


@pytest.mark.parametrize(("rule", "text"), HELD)
def test_what_would_give_a_reply_away_is_found(rule, text):
    assert rule in {offence.rule for offence in lint_reply(text, "stop")}


@pytest.mark.parametrize("text", SHOWN)
def test_a_reply_about_such_things_passes(text):
    assert lint_reply(text, "stop") == []


@pytest.mark.parametrize("finish_reason", ["stop", "eos_token", None])
def test_a_reply_that_ended_by_itself_is_not_cut(finish_reason):
    assert lint_reply("It is Canberra.", finish_reason) == []


def test_a_reply_that_the_token_limit_cut_is_found_by_its_end():
    (offence,) = lint_reply("Well, " * 100 + "and so the capital is", "length")
    assert offence.rule == "truncation"
    assert offence.excerpt.startswith("…")
    assert offence.excerpt.endswith("and so the capital is")


def test_each_rule_is_told_once_with_an_excerpt_on_one_line():
    text = "assistant\nAs an AI, I think so. As an AI, I am sure.</s>" + " word" * 100
    found = lint_reply(text, "length")
    assert [offence.rule for offence in found] == [
        "self_identification",
        "template_residue",
        "truncation",
    ]
    assert "As an AI, I think so." in found[0].excerpt
    assert found[1].excerpt.startswith("assistant As an AI")
    assert all("\n" not in offence.excerpt for offence in found)
    assert all(len(offence.excerpt) <= 122 for offence in found)


def test_an_empty_reply_has_an_excerpt_that_can_be_read():
    (offence,) = lint_reply("\n", "stop")
    assert offence.excerpt == "(nothing but blanks)"


@pytest.mark.parametrize("role", ["assistant", "user", "system", "human", "AI", "model", "bot"])
@pytest.mark.parametrize(
    "form",
    ["{}: Canberra", "**{}:** Canberra", "[{}] Canberra", "{}\nCanberra", "{}\tCanberra"],
)
def test_a_role_that_a_mark_follows_is_found_however_it_is_written(role, form):
    for written in (role, role.capitalize(), role.upper()):
        (offence,) = lint_reply(form.format(written), "stop")
        assert offence.rule == RESIDUE


def test_rules_and_linter_have_names_to_be_stored_under():
    assert LINTER == "lint-2"
    assert set(RULES) == {SELF, RESIDUE, ERROR, "truncation"}


def test_long_replies_that_nearly_match_are_read_to_their_end():
    texts = ["as an AI " * 2000, "I don't " + "word " * 4000, "<|" * 5000, "<html>" + "<h1>" * 3000]
    texts += [
        "*" * 20_000,
        " \n" * 9000 + "x",
        "assistant" + " " * 20_000 + "x",
        "a." * 9000,
        "A" * 20_000,
    ]
    texts += [
        "[error" * 4000,
        "error" + "*" * 20_000 + "x",
        "sorry " * 4000,
        "\n" + " " * 20_000 + "x",
    ]
    # a pattern that looks back would not come to an end here
    assert all(isinstance(lint_reply(text, "stop"), tuple | list) for text in texts)
