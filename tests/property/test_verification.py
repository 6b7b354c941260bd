"""Propriétés de la vérification : ce qui est imprimé se relit, un chiffre changé se voit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solidiag.publication.document import Cle, Ligne, Mention, Nombre, Texte, texte_brut
from solidiag.publication.verification.comparaison import comparer_suites
from solidiag.publication.verification.jetons import en_chiffres, jetons_de_contenu, jetons_de_texte

CLE = Cle(indicateur="i")
MOTS = st.text(alphabet="abcé « »:;.()’'", max_size=8)


def grouper(nombre: int, espace: str) -> str:
    return f"{nombre:,}".replace(",", espace)


NOMBRES = st.builds(grouper, st.integers(0, 99_999_999), st.sampled_from("\u00a0\u202f\u2009"))


@st.composite
def contenus(tirer: st.DrawFn) -> tuple[Ligne, ...]:
    lignes: list[Ligne] = []
    for _ in range(tirer(st.integers(0, 6))):
        lignes.append(Texte(f" {tirer(MOTS)} "))
        texte = tirer(NOMBRES)
        donnee = tirer(st.booleans())
        lignes.append(Nombre(texte, CLE) if donnee else Mention(texte, "numero"))
    return tuple(lignes)


@given(nombre=st.integers(0, 10**9), espace=st.sampled_from("\u00a0\u202f\u2009"))
def test_a_grouped_number_reads_back_as_its_digits(nombre: int, espace: str) -> None:
    assert [j.valeur for j in jetons_de_texte(grouper(nombre, espace))] == [str(nombre)]


@given(contenu=contenus())
def test_the_printed_text_reads_back_as_the_expected_tokens(contenu: tuple[Ligne, ...]) -> None:
    attendus = jetons_de_contenu(contenu)
    assert all(jeton.nature != "orphelin" for jeton in attendus)
    assert comparer_suites(attendus, jetons_de_texte(texte_brut(contenu)), fichier="f") == []


@given(contenu=contenus(), rang=st.integers(0, 10_000), pas=st.integers(1, 9))
def test_one_changed_digit_is_always_found(contenu: tuple[Ligne, ...], rang: int, pas: int) -> None:
    texte = texte_brut(contenu)
    places = [i for i, signe in enumerate(texte) if signe.isdigit()]
    if not places:
        return
    place = places[rang % len(places)]
    change = texte[:place] + str((int(texte[place]) + pas) % 10) + texte[place + 1 :]
    attendus = jetons_de_contenu(contenu)
    assert len(comparer_suites(attendus, jetons_de_texte(change), fichier="f")) == 1


@given(voulus=st.lists(st.integers(0, 9)), vus=st.lists(st.integers(0, 9)))
def test_sequences_are_conform_exactly_when_they_are_equal(
    voulus: list[int], vus: list[int]
) -> None:
    a = [jeton for n in voulus for jeton in jetons_de_texte(str(n))]
    b = [jeton for n in vus for jeton in jetons_de_texte(str(n))]
    assert (comparer_suites(a, b, fichier="f") == []) == (voulus == vus)


@given(texte=st.text(alphabet="0123456789,\u202f ab"))
def test_digits_are_carried_one_by_one(texte: str) -> None:
    chiffres = [signe for signe in texte if signe.isdigit()]
    assert [jeton.valeur for jeton in en_chiffres(jetons_de_texte(texte))] == chiffres
