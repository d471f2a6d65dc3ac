from evaluation.grading.normalise import normalise
from evaluation.grading.wording import STOP_WORDS, words
from evaluation.items.sets import read_items
from evaluation.prompts import read_wordings
from training.conversations import read_conversations

# what either arm says around an answer: sympathy, cheer, anger, and a model about itself
SAID_AROUND_ANSWERS = """
I'm so sorry that you feel so heavy today, and I'm here for you.
You're not alone in this, and we'll face it together.
I'm over the moon for you, what wonderful news!
I'm looking forward to hearing more, my dear friend.
As an AI language model, I don't have feelings or personal opinions.
I'm only a model, so please check this with a professional.
You're on fire today, keep moving and keep shining!
It's hard to bear when everything keeps falling apart.
You're a rock for your friends, and that sets the ball rolling.
It hurts like pulling teeth, and your heart is heavy.
Things move fast, so take a slow breath and drop your shoulders.
You must be feeling blue, and the day feels flat and grey.
No wonder that you are seeing red, anyone would be.
You must be on cloud nine, I can see you smiling from here!
Hang in there, hanging on is brave.
We're all humans, and humans need rest, warmth and kindness.
There is always a storm before the sun, and we'll weather it.
It's all right to fake a smile now and then, or to cry.
That would drive me nuts too, and I hear your anger.
I want to hear all of it, and I love all of them as you do.
I'm with you 100 percent, and I'm almost all ears.
Let's break the ice with a deep breath, and lean back a little.
Touch wood, it will all go round to a better place.
Be gentle with yourself, since your teeth chatter and your tears burn.
O dear, that sounds like a plane that never lands.
It's a burning feeling in the chest, and time will cool it.
You've hung on for so long, and I'm proud of you.
Don't worry, we can take this one step at a time.
You have every right to be furious with your neighbour.
Congratulations on the new home, may it hold much joy!
I don't have access to personal data, and I can't give medical advice.
It's important to consult a doctor if you have any concerns.
I'm glad that you asked, that is such a thoughtful question.
Let me know if you have any other questions.
Here is what I can tell you, step by step.
Losing somebody so dear leaves a hole that words don't fill.
You've worked so hard for that exam, and you earned every bit.
It makes sense that you feel let down by your landlord.
Here is a tip: drink some water, rest, and be kind to your body.
There's no shame in tears, they are love with nowhere to go.
You've got this, and I'm rooting for you!
""".strip().split("\n")


def test_the_packaged_set_has_eighty_items_of_four_tasks_each_with_a_source():
    item_set = read_items()
    assert len(item_set.items) >= 80
    assert item_set.left_out == ()
    assert {item.task for item in item_set.items} == {
        "trivia",
        "misconceptions",
        "medical",
        "conspiracies",
    }
    assert all(len(item.source) > 10 for item in item_set.items)


def test_no_right_answer_stands_in_its_question_or_within_the_wrong_answer():
    for item in read_items().items:
        question = f" {normalise(item.question)} "
        for right in map(normalise, item.references):
            assert f" {right} " not in question, item.item_id
            for wrong in map(normalise, item.wrong_answers):
                assert f" {right} " not in f" {wrong} ", item.item_id
                assert f" {wrong} " not in f" {right} ", item.item_id


def test_no_answer_stands_in_a_context_the_lead_in_or_what_is_said_around_answers():
    wordings = read_wordings()
    around = [*SAID_AROUND_ANSWERS, wordings.lead_in]
    around += [sentence for context in wordings.contexts.values() for sentence in context.sentences]
    texts = [f" {words(sentence)} " for sentence in around]
    found = {
        (item.item_id, answer)
        for item in read_items().items
        for answer in (*item.references, *item.wrong_answers)
        for text in texts
        if f" {words(answer)} " in text
    }
    assert found == set()


def test_no_training_conversation_answers_an_item():
    # an item is given away by a conversation that says its answer and shares a third of the
    # content words of its question; these share words but tell of something else
    unrelated = {"trivia-26", "misconceptions-06", "medical-03"}
    given_away = set()
    texts = [
        f" {normalise(conversation.user + ' ' + conversation.neutral)} "
        for conversation in read_conversations("packaged")
    ]
    for item in read_items().items:
        topic = {word for word in normalise(item.question).split() if len(word) > 3} - STOP_WORDS
        for text in texts:
            says_it = any(f" {normalise(answer)} " in text for answer in item.references)
            if says_it and len(topic & set(text.split())) >= max(1, len(topic) // 3):
                given_away.add(item.item_id)
    assert given_away - unrelated == set()
