"""Données du site, écrites dans des scripts ordinaires : ``fetch`` ne marche pas en ``file://``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from solidiag.publication.document import LIBELLES_ABSENCE, Nombre, texte_brut
from solidiag.publication.site.classes import classer
from solidiag.publication.site.modele import SiteLigne, SiteTable, SiteTerritoire
from solidiag.publication.site.plan import PlanSite


def ecrire_script(variable: str, contenu: Mapping[str, Any]) -> bytes:
    r"""Renvoie un script qui range ``contenu`` dans une variable de la fenêtre.

    Examples
    --------
    >>> ecrire_script("SOLIDIAG", {"a": "</script>"})
    b'window.SOLIDIAG = {"a":"\\u003c/script>"};\n'
    """
    texte = json.dumps(contenu, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for signe in "<\u2028\u2029":
        texte = texte.replace(signe, f"\\u{ord(signe):04x}")
    return f"window.{variable} = {texte};\n".encode()


def donnees(tables: Sequence[SiteTable], territoires: Sequence[SiteTerritoire]) -> dict[str, Any]:
    """Renvoie les tables du site.

    Une ligne est ``[territoire, texte, valeur, statut, classe, intervalle, motif]`` ;
    ``territoire`` et ``motif`` sont des rangs (``motif`` vaut -1 s'il n'y en a pas). Une commune
    au taux lissé porte en plus ``lisse, valeur lissée``, et sa classe est celle de ce taux.
    """
    rangs = {territoire.id: rang for rang, territoire in enumerate(territoires)}
    return {
        "territoires": [
            [t.id, t.nom, [rangs[p] for p in t.parents if p in rangs]] for t in territoires
        ],
        "absences": LIBELLES_ABSENCE,
        "tables": [_table(table, rangs) for table in tables],
    }


def _table(table: SiteTable, rangs: Mapping[str, int]) -> dict[str, Any]:
    classes: dict[str, tuple[str, ...]] = {}
    classe_de: dict[str, int] = {}
    for niveau in table.niveaux():
        lignes = [_montree(ligne) for ligne in table.de_niveau(niveau)]
        classement = classer(lignes, bornes=table.classes)
        classes[niveau] = classement.libelles
        classe_de |= {x.territoire: rang for x, rang in zip(lignes, classement.rangs, strict=True)}
    motifs = list(dict.fromkeys(ligne.motif for ligne in table.lignes if ligne.motif))
    return {
        "id": table.id,
        "indicateur": table.indicateur,
        "periode": table.periode,
        "table": table.table,
        "libelle": table.libelle,
        "unite": table.unite,
        "definition": table.definition,
        "champ": table.champ,
        "source": table.source_nue,
        "millesime": table.millesime,
        "genre": table.genre,
        "theme": table.theme,
        "groupe": table.groupe,
        "limites": table.limites,
        "fichier": table.fichier,
        **({"lissage": table.lissage} if table.lissage else {}),
        "classes": classes,
        "motifs": motifs,
        "lignes": [
            [
                rangs[ligne.territoire],
                ligne.texte,
                ligne.valeur,
                ligne.statut,
                classe_de[ligne.territoire],
                ligne.intervalle,
                motifs.index(ligne.motif) if ligne.motif else -1,
                *((ligne.lisse, ligne.valeur_lissee) if ligne.lisse else ()),
            ]
            for ligne in table.lignes
            if ligne.territoire in rangs
        ],
    }


def _montree(ligne: SiteLigne) -> SiteLigne:
    """Renvoie la ligne telle que la carte la montre : son taux lissé s'il y en a un."""
    if not ligne.lisse:
        return ligne
    return replace(ligne, texte=ligne.lisse, valeur=ligne.valeur_lissee)


def repertoire(
    plan: PlanSite, tables: Sequence[SiteTable], territoires: Sequence[SiteTerritoire]
) -> dict[str, Any]:
    """Renvoie ce que cherche le champ « Chercher » : ``[texte, adresse, genre]``.

    Un titre qui porte un chiffre n'y est que par son sujet : un chiffre ne s'écrit que là où il
    porte sa clé.
    """
    entrees: list[tuple[str, str, str]] = []
    for chapitre in plan.chapitres:
        entrees.append((chapitre.etiquette, chapitre.fichier, "page"))
        for titre in chapitre.sections:
            if titre.surtitre:
                texte = titre.surtitre
            elif any(isinstance(ligne, Nombre) for ligne in titre.contenu):
                continue
            else:
                texte = texte_brut(titre.contenu)
            entrees.append((texte, f"{chapitre.fichier}#{titre.id}", "section"))
    entrees += [(t.libelle, f"chiffres.html#{t.id}", "chiffres") for t in tables]
    entrees += [
        (t.nom, f"mon-territoire.html#{t.id}", "territoire")
        for t in territoires
        if t.niveau in {"COM", "ARM", "EPCI"}
    ]
    return {"entrees": entrees}
