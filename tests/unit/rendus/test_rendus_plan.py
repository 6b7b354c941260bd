"""Plan commun des rendus : numéros, niveaux, pages, largeurs de colonnes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from solidiag.errors import RenduImpossible
from solidiag.publication import charte
from solidiag.publication.document import (
    Cellule,
    Colonne,
    SautDePage,
    Tableau,
    Titre,
    lignes,
)
from solidiag.publication.rendus.plan import CORPS_TABLEAU_PT, gabarit, preparer


def test_un_titre_ne_saute_pas_de_niveau(exemple):
    titres = [b.niveau for b in preparer(exemple).document.blocs if isinstance(b, Titre)]
    assert titres == [1, 1, 2, 3, 1, 2]


def test_les_legendes_sont_numerotees_par_genre(exemple):
    numeros = preparer(exemple).numeros
    assert numeros == {"carte-un": 1, "tableau-communes": 1, "matrice": 2}


def test_le_sommaire_garde_chapitres_et_sections(exemple):
    assert [t.niveau for t in preparer(exemple).sommaire] == [1, 1, 2, 1, 2]


def test_un_saut_de_page_apres_un_paysage_ne_fait_pas_de_page_blanche(exemple, nouveau_tableau):
    large = replace(nouveau_tableau(2), paysage=True)
    titre = Titre(niveau=1, id="t", contenu=lignes("T"))
    blocs = (SautDePage(), titre, SautDePage(), large, SautDePage(), replace(titre, id="u"))
    pages = preparer(replace(exemple, blocs=blocs)).pages
    assert [[type(b).__name__ for b in page.blocs] for page in pages] == [
        ["Titre"],
        ["Tableau"],
        ["Titre"],
    ]


def test_un_titre_suit_son_tableau_en_paysage(exemple, nouveau_tableau):
    large = replace(nouveau_tableau(2), paysage=True)
    titre = Titre(niveau=1, id="t", contenu=lignes("T"))
    blocs = (titre, Titre(niveau=2, id="u", contenu=lignes("U")), large)
    (page,) = preparer(replace(exemple, blocs=blocs)).pages
    assert page.paysage
    assert len(page.blocs) == 3


def test_un_tableau_trop_large_passe_en_paysage_de_lui_meme(exemple):
    mots = tuple(Colonne(entete="Accompagnement") for _ in range(12))
    cellules = tuple(Cellule(contenu=lignes("1")) for _ in range(12))
    tableau = Tableau(id="t", legende=lignes("t"), colonnes=mots, lignes=(cellules,))
    assert [p.paysage for p in preparer(replace(exemple, blocs=(tableau,))).pages] == [True]
    court = replace(tableau, colonnes=mots[:3], lignes=(cellules[:3],))
    assert [p.paysage for p in preparer(replace(exemple, blocs=(court,))).pages] == [False]


def test_une_ligne_trop_courte_est_refusee(exemple, nouveau_tableau):
    tableau = replace(nouveau_tableau(1), lignes=((Cellule(),),))
    with pytest.raises(RenduImpossible, match="1 cellules pour 4"):
        preparer(replace(exemple, blocs=(tableau,)))


@given(
    colonnes=st.lists(
        st.tuples(st.text("abcdefghijklm éœ'-", max_size=40), st.floats(0, 6)),
        min_size=1,
        max_size=14,
    ),
    largeur=st.sampled_from([12.0, 16.0, 24.7]),
)
@example(colonnes=[("", 2.225073858507203e-309)], largeur=12.0)
@example(colonnes=[("", 5e-324), ("œ", 6.0), ("m", 5e-324)], largeur=12.0)
def test_les_largeurs_tiennent_dans_la_page_sans_colonne_vide(colonnes, largeur):
    tableau = Tableau(
        id="t",
        legende=lignes("t"),
        colonnes=tuple(Colonne(entete=texte, largeur=part) for texte, part in colonnes),
        lignes=(tuple(Cellule(contenu=lignes(texte)) for texte, _ in colonnes),),
    )
    mise = gabarit(tableau, largeur)
    total = largeur / 2.54 * 72
    assert sum(mise.largeurs_pt) <= total * 1.000001
    if any(part for _, part in colonnes) or mise.serre:
        assert sum(mise.largeurs_pt) == pytest.approx(total)
    assert min(mise.largeurs_pt) > 0
    assert mise.corps_pt in CORPS_TABLEAU_PT


def test_les_couleurs_de_texte_se_lisent_sur_le_papier_et_sur_les_fonds():
    for couleur in (charte.ENCRE, charte.ENCRE_DOUCE, charte.ACCENT, *charte.AXES):
        assert charte.contraste(couleur, charte.BLANC) >= 4.5
        assert charte.contraste(couleur, charte.FOND) >= 4.5
    for teinte in charte.CELLULES.values():
        assert charte.contraste(teinte.encre, teinte.fond) >= 4.5


def test_l_echelle_sequentielle_fonce_a_chaque_pas():
    clartes = [charte.luminance(couleur) for couleur in charte.SEQUENTIEL]
    assert all(a / b > 1.3 for a, b in pairwise(clartes))
    assert charte.ACCENT not in charte.AXES
    assert not set(charte.AXES) & {*charte.SEQUENTIEL, *charte.DIVERGENT}
