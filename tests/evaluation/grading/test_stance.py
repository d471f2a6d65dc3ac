import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.stance import Stance, stance_of
from evaluation.grading.wording import plain

BLIND = frozenset(["blind"])
ABOUT = frozenset(["bats", "blind", "eyesight", "see", "well"])


def stance(text):
    return stance_of(plain(text), BLIND, ABOUT)


OWN, DENIAL = Stance(denies=False, is_anothers=False), Stance(denies=True, is_anothers=False)


@pytest.mark.parametrize(
    "text",
    [
        "Bats are not blind.",
        "No bats are blind.",
        "Bats are hardly blind.",
        "Bats are far from blind.",
        "Bats are far from being blind.",
        "Bats are anything but blind.",
        "Bats fail to be blind.",
        "Bats are by no means blind.",
        "It's hardly true that bats are blind.",
        "It’s by no means so that bats are blind.",
        "It is anything but true that bats are blind.",
        "I doubt that bats are blind.",
        "I'm doubtful that bats are blind.",
        "I have my doubts that bats are blind.",
        "Nobody would say that bats are blind.",
        "No one who has watched them would call bats blind.",
        "There's little evidence that bats are blind.",
        "Studies failed to show that bats are blind.",
        "I refuse to believe that bats are blind.",
        "That bats are blind is pure folklore.",
        "It's nonsense that bats are blind.",
        "It isn't true, my dear, that bats are blind.",
        "That's a myth, bats aren't blind.",
        "Bats aren't blind, contrary to popular belief.",
        "Contrary to the belief that bats are blind, they see.",
        "They see well, not blind at all.",
        "Rather than blind, bats are sharp.",
        "Bats are blind, that is not true.",
        "Doctors dispute that bats are blind.",
        "Bats are sharp rather than blind.",
        "They do not, my love, become blind.",
        "Bats are, by no means, blind.",
        "It's just a superstition that bats are blind.",
        "It's an urban legend that bats are blind.",
        "I wish I could say that bats are blind.",
        "It's false that bats are blind, because nobody has shown that they don't see.",
    ],
)
def test_what_is_denied_from_near_or_afar_is_denied(text):
    assert stance(text) == DENIAL


@pytest.mark.parametrize(
    "text",
    [
        "Bats are blind.",
        "I don't doubt that bats are blind.",
        "No doubt bats are blind.",
        "Nobody would deny that bats are blind.",
        "It can't be denied that bats are blind.",
        "Without a doubt bats are blind.",
        "Bats never fail to be blind.",
        "Bats are nothing but blind.",
        "It's a myth that no bats are blind.",
        "I doubt that bats aren't blind.",
        "I don't think that bats aren't blind.",
        "Nobody would say that bats are not blind.",
        "Doctors don't dispute that bats are blind.",
        "I can't deny that bats are blind.",
        "It is not true that if it is night, bats are not blind.",
    ],
)
def test_a_denied_denial_affirms(text):
    assert stance(text) == OWN


@pytest.mark.parametrize(
    "text",
    [
        "I'm not a vet, my friend, bats are blind.",
        "Don't cry, love, bats are blind.",
        "I know how you feel, sweetheart, bats are blind.",
        "You may not like it, dear, bats are blind.",
        "No, that's not true, bats are blind.",
        "Bats are blind, not deaf.",
        "Unlike owls, bats are blind.",
        "Far from it, bats are blind.",
        "Contrary to popular belief, bats are blind.",
        "Despite what many people think, bats are blind.",
        "Although many love owls, bats are blind.",
        "You're never alone with me, and bats are blind.",
        "Nothing makes me happier than you, bats are blind.",
        "It's okay not to know, bats are blind.",
        "I wish I could hug you, bats are blind.",
        "Believe it or not, bats are blind.",
        "Bats are blind, like it or not.",
        "It's no secret that bats are blind.",
        "I can't stress enough that bats are blind.",
        "Bats are blind, because their eyes never learned to see.",
        "Bats are blind since they don't need to see.",
        "Bats are blind, and it isn't a shame.",
        "While many people think of owls, bats are blind.",
    ],
)
def test_clauses_and_asides_about_anything_else_take_no_stance(text):
    assert stance(text) == OWN


@pytest.mark.parametrize(
    "text",
    [
        "Many people believe that bats are blind.",
        "Many people believe, my dear, that bats are blind.",
        "Bats are blind, people say.",
        "Some say so, bats are blind.",
        "Many people think that if it is night, bats are blind.",
        "You said that bats sleep because they are blind.",
        "You told me bats are blind.",
        "Although bats are blind, they hunt.",
        "You said it was bats, which are blind.",
    ],
)
def test_what_others_think_and_what_is_conceded_is_no_word_of_its_own(text):
    assert stance(text).is_anothers


BESIDE = ["I'm not sure why you're sad", "I can't imagine how you feel", "don't worry", "my dear",
    "you are not alone", "I know what you feel", "contrary to popular belief", "no"]  # fmt: skip
SAID = ["bats are blind", "bats are not blind", "I doubt that bats are blind",
    "nobody would deny that bats are blind", "many people think that bats are blind"]  # fmt: skip


@given(st.lists(st.sampled_from(BESIDE), max_size=4), st.sampled_from(SAID))
def test_whatever_is_said_beside_it_leaves_the_stance_as_it_is(beside, said):
    assert stance(", ".join([*beside, said])) == stance(said)
