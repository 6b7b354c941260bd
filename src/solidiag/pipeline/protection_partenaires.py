"""La table d'un partenaire, protégée avant d'être lisible, et ce que les précédentes ont montré.

Rien de la table reçue ne passe par un fichier provisoire : le calcul se fait en mémoire, et seuls
les octets reçus et les effectifs d'avant le secret restent, à part, lisibles de leur propriétaire.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
import yaml
from pydantic import ValidationError

from solidiag.catalogue.fautes import dire_faute
from solidiag.catalogue.indicateur import Indicateur, Lecture, Terme
from solidiag.catalogue.source import Fichier
from solidiag.catalogue.table_personnelle import TablePersonnelle
from solidiag.confidentiality.partenaires import Ligne, proteger_observations
from solidiag.confidentiality.secret import Regles
from solidiag.confidentiality.successives import Tour, trahies
from solidiag.errors import DeclarationInvalide, DejaMontre, FichierRefuse
from solidiag.geography.referentiel import Referentiel
from solidiag.model.observation import AVEC_VALEUR
from solidiag.pipeline.calculs import calculer_indicateurs, charger_referentiel
from solidiag.pipeline.importation import verrou
from solidiag.pipeline.liens_partenaires import (
    CLES,
    EFFECTIFS,
    Precedent,
    Sommes,
    attaquer_ensemble,
    controler_les_liens,
    derniers,
    indicateur_de_l_ajout,
    liees_a,
    lignes_brutes,
    lignes_cachees,
    lire_effectifs,
    noms,
    sommes_avec,
)
from solidiag.pipeline.partenaires import parents_des_communes
from solidiag.sources.controle import Partie
from solidiag.sources.reconnaissance import Reconnaissance
from solidiag.storage.ajouts import PREFIXE, Ajout, AjoutGarde, Ajouts, dossier_des_donnees
from solidiag.storage.cache import Cache
from solidiag.storage.depot import Depot

_NIVEAUX_PROTEGES = ("COM", "EPCI", "DEP")
"""Niveaux montrés d'une table de partenaire : moins il y en a, moins il y a à recouper."""


def indicateur_de(table: TablePersonnelle) -> Indicateur:
    """Renvoie l'indicateur qu'une table déclare.

    Raises
    ------
    DeclarationInvalide
        S'il a une faute (unité inconnue).
    """
    try:
        return table.indicateur()
    except ValidationError as erreur:
        fautes = [f"{'.'.join(map(str, f['loc']))} : {dire_faute(f)}" for f in erreur.errors()]
        raise DeclarationInvalide(table.id, fautes) from erreur


def ajout_brut(
    partie: Partie, octets: bytes, table: TablePersonnelle, *, jour: date, comment: str
) -> tuple[Ajout, dict[str, bytes]]:
    """Renvoie l'ajout d'une table et ses octets, tels quels."""
    chemin = partie.fichier.fichier
    ajout = Ajout(
        source=partie.source,
        verrous={chemin: verrou(octets, chemin, jour=jour, comment=comment)},
        remplit=partie.remplit,
        indicateur=indicateur_de(table),
    )
    return ajout, {chemin.removeprefix(f"{PREFIXE}{partie.source.id}/"): octets}


def ajout_protege(
    examen: Reconnaissance, partie: Partie, table: TablePersonnelle, *, depot: Depot, jour: date
) -> tuple[Ajout, dict[str, bytes]]:
    """Renvoie l'ajout d'une table de partenaire : secret posé, octets reçus mis à l'écart.

    Raises
    ------
    FichierRefuse
        Si un effectif n'est pas entier, ou si un chiffre aujourd'hui secret a déjà été montré.
    PublicationInterdite
        Si le secret ne peut pas être posé.
    """
    referentiel = charger_referentiel(depot)
    observations = _observations(examen, partie, table, referentiel, depot=depot, jour=jour)
    effectifs = _effectifs(observations)
    recu = hashlib.sha256(examen.octets).hexdigest()
    gardes = tuple((depot.ajouts or Ajouts(dossier_des_donnees())).gardes())
    sommes = sommes_avec(table, gardes)
    controler_les_liens(table, effectifs, gardes, sommes, nom=examen.nom, recu=recu)
    precedents = _precedents(
        [g for g in gardes if table.id in g.ajout.remplit], referentiel, observations, depot=depot
    )
    ids = liees_a(table.id, sommes)
    liees = _precedents(
        [g for g in derniers(gardes, table.periode) if indicateur_de_l_ajout(g.ajout) in ids],
        referentiel,
        observations,
        depot=depot,
    )
    octets = None if liees else _deja_protege(precedents, effectifs, table)
    if octets is None:
        protegees = _proteger(
            *(observations, effectifs, precedents, liees, sommes, table, referentiel),
            nom=examen.nom,
        )
        octets = _en_csv(protegees)
    nom = partie.source.id
    chemin = f"{PREFIXE}{nom}/octets/{hashlib.sha256(octets).hexdigest()}.csv"
    droit = table.droit_d_usage
    texte_droit = (
        f"Données d'un partenaire : {droit.texte} (accordé par {droit.accorde_par} le "
        f"{droit.date.isoformat()}) ; secret appliqué à l'ajout, seuil de {table.seuil}."
        if droit
        else ""
    )
    fichier = Fichier(
        id="fichier",
        fichier=chemin,
        millesime=table.periode,
        cog=referentiel.cog,
        niveau="mixte",
        options={
            "colonne_code": "code",
            "colonne_niveau": "niveau",
            "niveaux": {niveau: niveau for niveau in (*_NIVEAUX_PROTEGES, table.niveau)},
        },
        copie="retravaillee",
        copie_note=f"Table protégée à l'ajout (seuil de {table.seuil}) ; les octets reçus restent "
        "chez la personne qui l'a ajoutée.",
        remarque="Table d'un partenaire, protégée.",
    )
    source = partie.source.model_copy(
        update={
            "fichiers": (fichier,),
            "seuil_secret": table.seuil,
            "marques": {m: m for m in ("Q", "O", "L", "M")},
            "limites": (*partie.source.limites, texte_droit),
            "somme_de": table.somme_de,
            "partie_de": table.partie_de,
        }
    )
    niveaux = _NIVEAUX_PROTEGES if table.niveau == "COM" else (table.niveau,)
    lecture = _lecture_protegee(table, f"{nom}/fichier", niveaux)
    usage = {
        "droit_d_usage": droit.model_dump(mode="json") if droit else {},
        "recu": {"nom": examen.nom, "sha256": recu, "taille": len(examen.octets)},
        "seuil": table.seuil,
    }
    ajout = Ajout(
        source=source,
        verrous={
            chemin: verrou(
                octets,
                chemin,
                jour=jour,
                comment="protégé à l'ajout, à partir du fichier reçu d'un partenaire",
                copie="retravaillee",
            )
        },
        remplit={table.id: (lecture,)},
        indicateur=indicateur_de(table),
    )
    return ajout, {
        chemin.removeprefix(f"{PREFIXE}{nom}/"): octets,
        f"recu/{recu}": examen.octets,
        f"recu/{EFFECTIFS}": effectifs.write_csv(separator=";").encode(),
        "droit.yaml": yaml.safe_dump(usage, allow_unicode=True, sort_keys=False).encode(),
    }


def _proteger(
    observations: pl.DataFrame,
    effectifs: pl.DataFrame,
    precedents: Sequence[Precedent],
    liees: Sequence[Precedent],
    sommes: Sommes,
    table: TablePersonnelle,
    referentiel: Referentiel,
    *,
    nom: str,
) -> pl.DataFrame:
    """Renvoie la table protégée, avec ses précédentes et celles qu'une somme lui relie."""
    vus = {t for p in (*precedents, *liees) for t in p.montre["territoire"].to_list()}
    territoires = list(dict.fromkeys([*observations["territoire"].to_list(), *sorted(vus)]))
    parents = parents_des_communes(territoires, referentiel)
    regles = Regles(seuil=table.seuil)
    try:
        protegees = proteger_observations(
            pl.concat([observations, *lignes_brutes(liees)], how="diagonal_relaxed"),
            parents=parents,
            regles=regles,
            modalites=sommes,
            deja_publie=[p.montre for p in (*precedents, *liees)],
            deja_cachees=_cachees_inchangees(precedents, effectifs) | lignes_cachees(liees),
            tolerer_deja_connues=table.tolerer_deja_connues,
        ).filter(pl.col("indicateur") == table.id)
        if liees:
            attaquer_ensemble(protegees, liees, sommes, parents=parents, regles=regles, nom=nom)
        _comparer(protegees, effectifs, precedents, table, parents=parents, regles=regles)
    except DejaMontre as erreur:
        appels = dict(referentiel.territoires.select("id", "nom").iter_rows())
        cites = list(dict.fromkeys(appels.get(case[0], case[0]) for case in erreur.cases))
        liste = ", ".join(cites[:3]) + ("…" if len(cites) > 3 else "")
        phrase = (
            f"{len(cites)} chiffres à cacher ({liste}) ont déjà été montrés, ou se retrouvent"
            if len(cites) > 1
            else f"un chiffre à cacher ({liste}) a déjà été montré, ou se retrouve"
        )
        raise FichierRefuse(
            nom,
            f"{phrase} avec ce que vos ajouts précédents de « "
            f"{' », « '.join([table.id, *sorted(noms(liees))])} » montrent",
            "donnez la table des mêmes communes, et retirez les documents déjà remis qui en "
            "viennent ; si c'est impossible, écrivez « tolerer_deja_connues: true » dans la "
            "déclaration : ces chiffres seront cachés désormais, mais qui a gardé les documents "
            "précédents peut les retrouver",
        ) from erreur
    return protegees


def _comparer(
    protegees: pl.DataFrame,
    effectifs: pl.DataFrame,
    precedents: Sequence[Precedent],
    table: TablePersonnelle,
    *,
    parents: Mapping[str, Sequence[str]],
    regles: Regles,
) -> None:
    """Attaque la table protégée avec chacune des précédentes, de même période.

    Raises
    ------
    DejaMontre
        Si leur comparaison rend un effectif secret, et que la personne ne l'a pas accepté.
    """
    if table.tolerer_deja_connues:
        return
    nouveau = _tour(effectifs, protegees, table.periode)
    for precedent in precedents:
        if precedent.effectifs is None:
            continue
        avant = _tour(precedent.effectifs, precedent.montre, table.periode)
        trouvees = trahies(avant, nouveau, parents=parents, regles=regles)
        if trouvees:
            raise DejaMontre(table.id, [(territoire,) for territoire in trouvees])


def _tour(effectifs: pl.DataFrame, montre: pl.DataFrame, periode: str) -> Tour:
    siens = effectifs.filter(pl.col("periode") == periode, pl.col("compte").is_not_null())
    visibles = montre.filter(
        pl.col("periode") == periode, pl.col("status").is_in(list(AVEC_VALEUR))
    )
    avec_denominateur = siens.filter(pl.col("denominateur").is_not_null())
    return Tour(
        effectifs=dict(siens.select("territoire", "compte").iter_rows()),
        montrees=frozenset(visibles["territoire"].to_list()),
        plafonds=dict(avec_denominateur.select("territoire", "denominateur").iter_rows()),
    )


def _observations(
    examen: Reconnaissance,
    partie: Partie,
    table: TablePersonnelle,
    referentiel: Referentiel,
    *,
    depot: Depot,
    jour: date,
) -> pl.DataFrame:
    """Renvoie l'indicateur calculé en mémoire : dénominateurs arrondis, effectifs entiers.

    Raises
    ------
    FichierRefuse
        Si un effectif n'est pas un nombre entier de personnes.
    """
    ajout, fichiers = ajout_brut(partie, examen.octets, table, jour=jour, comment="passager")
    lues = _calculer(
        depot.passager(ajout, fichiers), table.id, referentiel, _territoires(partie, referentiel)
    )
    lues = lues.filter(pl.col("periode") == table.periode)
    fractions = lues.filter((_COMPTE - _COMPTE.round(0)).abs() > 1e-6)
    if fractions.height:
        compte = fractions.select(_COMPTE).item(0, 0)
        raise FichierRefuse(
            examen.nom,
            f"{fractions['territoire'][0]} y compte {compte:g} personnes".replace(".", ","),
            "donnez des effectifs entiers : le secret se juge sur des personnes",
        )
    numerateur, denominateur = pl.col("numerateur").round(0), pl.col("denominateur").round(0)
    if table.nature != "rapport":
        return lues.with_columns(pl.col("value").round(0))
    return lues.with_columns(
        numerateur.alias("numerateur"),
        denominateur.alias("denominateur"),
        pl.when(pl.col("value").is_not_null() & (denominateur > 0))
        .then(table.facteur * numerateur / denominateur)
        .otherwise("value")
        .alias("value"),
    )


_COMPTE = pl.when(pl.col("denominateur").is_not_null()).then("numerateur").otherwise("value")
"""Effectif d'une observation : son numérateur si c'est un rapport, sinon sa valeur."""


def _calculer(
    depot: Depot, indicateur: str, referentiel: Referentiel, territoires: list[str]
) -> pl.DataFrame:
    observations, _ = calculer_indicateurs(
        [depot.catalogue[indicateur]],
        depot,
        referentiel,
        territoires=territoires,
        cache=Cache(None),
    )
    return observations


def _effectifs(observations: pl.DataFrame) -> pl.DataFrame:
    return observations.select(*CLES, "status", _COMPTE.alias("compte"), "denominateur").sort(*CLES)


def _precedents(
    gardes: Sequence[AjoutGarde],
    referentiel: Referentiel,
    observations: pl.DataFrame,
    *,
    depot: Depot,
) -> list[Precedent]:
    """Renvoie ce que montrent ces ajouts, présents ou passés."""
    precedents = []
    communes = pl.col("territoire").str.starts_with("COM-")
    for garde in gardes:
        lu = depot.passager(garde.ajout, garde.fichiers)
        fichier = garde.ajout.source.fichiers[0]
        siens = observations["territoire"].to_list()
        if fichier.niveau in ("COM", "mixte") and observations.filter(communes).height:
            couverts = referentiel.communes.filter(
                pl.col("departement").map_elements(
                    garde.ajout.source.couverture.couvre, return_dtype=pl.Boolean
                )
            )
            siens = _territoires_des(couverts, siens)
        montre = _calculer(lu, indicateur_de_l_ajout(garde.ajout), referentiel, siens)
        montre = montre.filter(pl.col("status").is_in([*AVEC_VALEUR, "Q"]))
        precedents.append(
            Precedent(garde=garde, montre=montre, effectifs=lire_effectifs(garde.a_part))
        )
    return precedents


def _cachees_inchangees(
    precedents: Sequence[Precedent], effectifs: pl.DataFrame
) -> frozenset[Ligne]:
    """Renvoie les lignes cachées par un ajout précédent, dont l'effectif est le même."""
    lignes: set[Ligne] = set()
    for precedent in precedents:
        if precedent.effectifs is None:
            continue
        cachees = precedent.montre.filter(pl.col("status") == "Q").select(*CLES)
        memes = (
            precedent.effectifs.join(cachees, on=list(CLES))
            .join(effectifs, on=list(CLES), suffix="_neuf")
            .filter(pl.col("compte") == pl.col("compte_neuf"))
        )
        lignes |= set(memes.select(*CLES).iter_rows())
    return frozenset(lignes)


def _deja_protege(
    precedents: Sequence[Precedent], effectifs: pl.DataFrame, table: TablePersonnelle
) -> bytes | None:
    """Renvoie la table protégée d'un ajout présent aux mêmes effectifs et au même seuil."""
    for precedent in precedents:
        source = precedent.garde.ajout.source
        if precedent.effectifs is None or source.seuil_secret != table.seuil:
            continue
        if precedent.effectifs.equals(effectifs):
            (octets,) = precedent.garde.fichiers.values()
            return octets
    return None


def _territoires(partie: Partie, referentiel: Referentiel) -> list[str]:
    if partie.fichier.niveau != "COM":
        niveau = partie.fichier.niveau
        return referentiel.territoires.filter(pl.col("niveau") == niveau)["id"].to_list()
    communes = referentiel.communes
    if partie.departements:
        communes = communes.filter(pl.col("departement").is_in(list(partie.departements)))
    return _territoires_des(communes)


def _territoires_des(communes: pl.DataFrame, autres: Sequence[str] = ()) -> list[str]:
    """Renvoie ces communes, leurs intercommunalités et leurs départements, puis les autres."""
    epci = [f"EPCI-{code}" for code in communes["epci"].unique().sort() if code]
    departements = [f"DEP-{code}" for code in communes["departement"].unique().sort()]
    siens = [*(f"COM-{code}" for code in communes["code"]), *epci, *departements]
    return list(dict.fromkeys([*siens, *autres]))


def _lecture_protegee(table: TablePersonnelle, fichier: str, niveaux: tuple[str, ...]) -> Lecture:
    """Renvoie la lecture d'une table protégée : chaque niveau a sa ligne, rien ne s'additionne.

    Un rapport garde ses effectifs : le contrôle du secret se fait sur eux.
    """

    def terme(variable: str) -> Terme:
        return Terme(fichier=fichier, variables=(variable,))

    commun: dict[str, Any] = {
        "niveaux": niveaux,
        "periode": table.periode,
        "decimales": table.decimales,
        "remarque": f"Secret appliqué à l'ajout, seuil de {table.seuil}.",
        "motifs": {
            "Q": f"secret appliqué à l'ajout, seuil de {table.seuil}",
            "O": "valeur non donnée par le partenaire",
            "L": "territoire absent de la table du partenaire",
        },
    }
    if table.nature == "rapport":
        return Lecture(
            formule="ratio",
            numerateur=terme("numerateur"),
            denominateur=terme("denominateur"),
            facteur=table.facteur,
            **commun,
        )
    return Lecture(formule="publie", valeur=terme("valeur"), **commun)


def _en_csv(protegees: pl.DataFrame) -> bytes:
    """Renvoie la table protégée : niveau, code, puis l'effectif ou les deux termes du rapport.

    Les nombres sont entiers. Une ligne cachée porte la marque de son absence à leur place.
    """
    rapport = protegees["denominateur"].null_count() < protegees.height
    colonnes = ("numerateur", "denominateur") if rapport else ("value",)
    tampon = io.BytesIO()
    protegees.select(
        pl.col("territoire").str.extract(r"^([A-Z]+)-").alias("niveau"),
        pl.col("territoire").str.extract(r"^[A-Z]+-(.+)$").alias("code"),
        *(
            pl.when(pl.col("value").is_not_null())
            .then(pl.col(colonne).round(0).cast(pl.Int64).cast(pl.String))
            .otherwise(pl.col("status"))
            .alias("valeur" if colonne == "value" else colonne)
            for colonne in colonnes
        ),
    ).write_csv(tampon, separator=";")
    return tampon.getvalue()
