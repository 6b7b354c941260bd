"""Fichiers de services d'un producteur → table au schéma `SERVICES`.

Un seul lecteur, conduit par la déclaration du fichier : chaque champ nomme ses colonnes. Rien
n'est corrigé ni situé ici ; `solidiag.offre` met les lignes sur le code officiel géographique.
"""

from __future__ import annotations

import re
from string import Formatter

import polars as pl

from solidiag.catalogue.source import Fichier, Source
from solidiag.errors import FormatInattendu
from solidiag.model.observation import mettre_au_schema
from solidiag.model.service import SERVICES
from solidiag.sources.grilles import LIGNE, lire_grille
from solidiag.sources.offre.horaires import JOURS, osm_des_cellules
from solidiag.sources.offre.lignes import sans_contact
from solidiag.sources.offre.projections import en_degres, projection_de
from solidiag.sources.options import Options
from solidiag.sources.services_options import OptionsServices, Vue, options_services

LECTEUR = "services"
"""Nom du lecteur dans les déclarations de fichiers."""

_CODE_COMMUNE = r"^(\d{2}|2[AB])\d{3}$"
_CODE_POSTAL = r"^\d{5}$"
_SIRET = r"^\d{14}$"
_DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"
_RANG, _LATITUDE, _LONGITUDE = "__numero__", "__latitude__", "__longitude__"


def lire_services(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie les services d'un fichier, une ligne par service.

    Parameters
    ----------
    octets
        Contenu du fichier tel qu'embarqué, compressé ou non.

    Returns
    -------
    polars.DataFrame
        Au schéma `SERVICES`. ``id`` est ``source:identifiant du fichier``, ``origin`` la référence
        ``source/fichier`` ; ``code_insee`` est encore celui du fichier.

    Raises
    ------
    FormatInattendu
        Colonne absente, cellule qui n'est pas un nombre, code qui n'est pas un code.
    DeclarationInvalide
        Options fautives.
    """
    options = options_services(source, fichier)
    grille = lire_grille(
        octets,
        source,
        fichier,
        options=options.forme,
        colonnes=_colonnes(options),
    )
    lecture = _Lecture(source, fichier, options)
    vues = options.toutes_les_vues(int(fichier.millesime[:4]))
    for colonne, gardees in options.garder.items():
        grille = grille.filter(pl.col(colonne).str.strip_chars().is_in(gardees))
    if options.correspondance and not options.vues:
        codes = sorted(code for vue in vues for code in vue.filtre[options.code])
        grille = grille.filter(pl.col(options.code).str.strip_chars().is_in(codes))
    grille = lecture.nettoyer(grille)
    lues = [lecture.vue(grille, vue) for vue in vues]
    services = pl.concat(lues, how="vertical")
    doubles = services.filter(services["id"].is_duplicated())
    if not doubles.is_empty():
        raise FormatInattendu(
            source.id,
            fichier.fichier,
            attendu=f"des identifiants distincts dans « {', '.join(options.id)} »",
            trouve=f"« {doubles['id'][0]} » répété",
        )
    return services


def lire_codes_postaux(octets: bytes, source: Source, fichier: Fichier) -> pl.DataFrame:
    """Renvoie la table ``code_postal``, ``code`` (commune), une ligne par couple.

    Raises
    ------
    FormatInattendu
        Colonne absente ou code qui n'est pas un code.
    """
    grille = lire_grille(
        octets,
        source,
        fichier,
        options=Options(separateur=","),
        colonnes=["code_postal", "code"],
    )
    for colonne, motif in (("code_postal", _CODE_POSTAL), ("code", _CODE_COMMUNE)):
        fautives = grille.filter(~pl.col(colonne).str.contains(motif))
        if not fautives.is_empty():
            raise FormatInattendu(
                source.id,
                fichier.fichier,
                attendu=f"des codes de cinq caractères dans « {colonne} »",
                trouve=f"« {fautives[colonne][0]} »",
            )
    return grille.select("code_postal", "code").unique().sort("code_postal", "code")


def _colonnes(options: OptionsServices) -> list[str]:
    seules = [
        options.nom, options.siret, options.commune, options.code_insee,
        options.code_postal, options.latitude, options.longitude, options.fermeture,
        options.date_colonne, options.precision_colonne, options.nombre, options.dernier,
        options.code, options.x, options.y, options.projection,
    ]  # fmt: skip
    listes = [
        *options.identifiants.values(),
        *options.completer,
        *options.garder,
        *options.id,
        *options.adresse,
        *options.horaires,
        *options.capacite,
        *options.regrouper,
    ]
    for vue in options.vues:
        listes += [*vue.filtre, *vue.motif, *vue.sauf_motif, *vue.capacite]
    for remarque in options.remarques:
        listes += _champs(remarque)
    return list(dict.fromkeys(colonne for colonne in [*seules, *listes] if colonne))


def _champs(modele: str) -> list[str]:
    return [nom for _, nom, _, _ in Formatter().parse(modele) if nom]


def _rang_du_jour(libelle: str) -> int:
    """Renvoie le rang d'un jour (lundi : 0) ; après dimanche si le libellé n'en est pas un."""
    jour = libelle.lower()
    return JOURS.index(jour) if jour in JOURS else len(JOURS)


class _Lecture:
    """Lecture d'un fichier : la source et le fichier restent à portée pour dire les fautes."""

    def __init__(self, source: Source, fichier: Fichier, options: OptionsServices) -> None:
        self.source, self.fichier, self.options = source, fichier, options

    def faute(self, attendu: str, trouve: str) -> FormatInattendu:
        return FormatInattendu(self.source.id, self.fichier.fichier, attendu=attendu, trouve=trouve)

    def nettoyer(self, grille: pl.DataFrame) -> pl.DataFrame:
        """Ôte les espaces, vide les marques d'absence, garde la dernière période, regroupe."""
        textes = [colonne for colonne in grille.columns if colonne != LIGNE]
        grille = grille.with_columns(pl.col(textes).str.strip_chars().str.replace_all(r"\s+", " "))
        for correction in self.options.corrections:
            fautive = pl.col(correction.colonne) == correction.lu
            if grille.filter(fautive).is_empty():
                raise self.faute(
                    f"« {correction.lu} » dans « {correction.colonne} » (correction déclarée)",
                    "aucune cellule de cette valeur : correction à retirer",
                )
            grille = grille.with_columns(
                pl.when(fautive)
                .then(pl.lit(correction.corrige))
                .otherwise(pl.col(correction.colonne))
                .alias(correction.colonne)
            )
        if self.options.completer:
            grille = grille.with_columns(
                pl.when(pl.col(colonne).str.contains(r"^\d+$"))
                .then(pl.col(colonne).str.zfill(largeur))
                .otherwise(pl.col(colonne))
                .alias(colonne)
                for colonne, largeur in self.options.completer.items()
            )
        for nom in self.options.tolerer:
            bien = pl.col(nom).str.contains(_CODE_COMMUNE)
            grille = grille.with_columns(
                pl.when(bien).then(pl.col(nom)).otherwise(pl.lit("")).alias(nom)
            )
        if self.options.vides:
            vides = list(self.options.vides)
            grille = grille.with_columns(
                pl.when(pl.col(colonne).is_in(vides))
                .then(pl.lit(""))
                .otherwise(pl.col(colonne))
                .alias(colonne)
                for colonne in textes
            )
        if self.options.dernier:
            colonne = pl.col(self.options.dernier)
            grille = grille.filter(colonne == colonne.max())
        if self.options.regrouper:
            autres = [c for c in grille.columns if c not in self.options.regrouper]
            grille = grille.group_by(self.options.regrouper, maintain_order=True).agg(
                *(pl.col(colonne).first() for colonne in autres), pl.len().alias("__nombre__")
            )
        if self.options.numeroter:
            rang = pl.int_range(pl.len()).over(self.options.id) + 1
            grille = grille.with_columns(rang.cast(pl.String).alias(_RANG))
        if self.options.x:
            grille = self.projeter(grille)
        if self.options.nombre:
            nombre = self.nombre(grille, self.options.nombre)
            grille = (
                grille.with_columns(
                    pl.int_ranges(1, nombre.fill_null(0).cast(pl.Int64) + 1).alias("__rang__")
                )
                .explode("__rang__")
                .filter(pl.col("__rang__").is_not_null())
            )
        return grille

    def vue(self, grille: pl.DataFrame, vue: Vue) -> pl.DataFrame:
        """Renvoie les services d'une vue, au schéma `SERVICES`."""
        for colonne, gardees in vue.filtre.items():
            grille = grille.filter(pl.col(colonne).is_in(gardees))
        for colonne, motif in vue.motif.items():
            grille = grille.filter(pl.col(colonne).str.contains(f"(?i){motif}"))
        for colonne, motif in vue.sauf_motif.items():
            grille = grille.filter(~pl.col(colonne).str.contains(f"(?i){motif}"))
        options = self.options
        nom = self.texte(options.nom)
        if options.nom_retirer:
            nom = nom.str.replace_all(options.nom_retirer, "").str.strip_chars()
        siret = self.texte(options.siret)
        siret = pl.when(siret.str.contains(_SIRET)).then(siret)
        nom_est_siret = nom.str.contains(_SIRET)
        identifiant = pl.concat_str(options.id, separator="-")
        if options.nombre:
            identifiant = pl.concat_str(identifiant, pl.lit("-"), pl.col("__rang__"))
        if options.numeroter:
            identifiant = pl.concat_str(identifiant, pl.lit("-"), pl.col(_RANG))
        table = grille.select(
            pl.concat_str(pl.lit(f"{self.source.id}:"), identifiant, pl.lit(vue.suffixe)).alias(
                "id"
            ),
            pl.lit(self.source.id).alias("source"),
            pl.when(nom_est_siret)
            .then(pl.lit("Lieu désigné par le numéro Siret ") + nom)
            .otherwise(pl.coalesce(nom, pl.lit(vue.nom or None, dtype=pl.String)))
            .alias("nom"),
            pl.lit(vue.categorie).alias("categorie"),
            pl.coalesce(siret, pl.when(nom_est_siret).then(nom)).alias("siret"),
            self.texte(options.commune).alias("commune"),
            self.code(grille, options.code_insee, _CODE_COMMUNE).alias("code_insee"),
            self.code(grille, options.code_postal, _CODE_POSTAL).alias("code_postal"),
            self.joindre(options.adresse, " ").alias("adresse"),
            self.degres(grille, options.latitude, _LATITUDE).alias("latitude"),
            self.degres(grille, options.longitude, _LONGITUDE).alias("longitude"),
            self.date(grille).alias("date_source"),
            self.capacite(grille, vue).alias("capacite"),
            self.horaires().alias("horaires"),
            self.horaires_osm().alias("horaires_osm"),
            self.identifiants().alias("identifiants"),
            self.fermeture().alias("fermeture"),
            self.remarque(vue).alias("remarque"),
            pl.lit(f"{self.source.id}/{self.fichier.id}").alias("origin"),
            pl.col(LIGNE).alias("ligne"),
            self.precision().alias("precision_geo"),
        ).filter(pl.col("nom").is_not_null() | pl.col("siret").is_not_null())
        unite = vue.capacite_unite or options.capacite_unite
        hors = ~pl.col("latitude").is_between(-90, 90) | ~pl.col("longitude").is_between(-180, 180)
        nul = (pl.col("latitude") == 0) & (pl.col("longitude") == 0)
        sans_point = hors | nul | pl.col("latitude").is_null() | pl.col("longitude").is_null()
        table = table.with_columns(
            pl.when(~sans_point).then(pl.col("latitude")).alias("latitude"),
            pl.when(~sans_point).then(pl.col("longitude")).alias("longitude"),
            pl.when(~sans_point)
            .then(pl.col("precision_geo"))
            .otherwise(pl.lit("inconnue"))
            .alias("precision_geo"),
            pl.when(pl.col("capacite").is_not_null())
            .then(pl.lit(unite or None, dtype=pl.String))
            .alias("capacite_unite"),
        )
        return mettre_au_schema(table, SERVICES)

    def texte(self, colonne: str) -> pl.Expr:
        if not colonne:
            return pl.lit(None, dtype=pl.String)
        return pl.when(pl.col(colonne) != "").then(pl.col(colonne))

    def joindre(self, colonnes: tuple[str, ...], separateur: str) -> pl.Expr:
        if not colonnes:
            return pl.lit(None, dtype=pl.String)
        joints = pl.concat_str(
            [self.texte(colonne) for colonne in colonnes], separator=separateur, ignore_nulls=True
        )
        return pl.when(joints != "").then(joints)

    def nombre(self, grille: pl.DataFrame, colonne: str) -> pl.Expr:
        """Renvoie la colonne en nombre ; une cellule remplie qui n'en est pas un arrête tout."""
        if not colonne:
            return pl.lit(None, dtype=pl.Float64)
        lu = pl.col(colonne).cast(pl.Float64, strict=False)
        fautives = grille.filter((pl.col(colonne) != "") & ~lu.is_finite().fill_null(value=False))
        if not fautives.is_empty():
            raise self.faute(
                f"des nombres dans « {colonne} »",
                f"« {fautives[colonne][0]} » à la ligne {fautives[LIGNE][0]}",
            )
        return lu

    def code(self, grille: pl.DataFrame, colonne: str, motif: str) -> pl.Expr:
        if not colonne:
            return pl.lit(None, dtype=pl.String)
        fautives = grille.filter((pl.col(colonne) != "") & ~pl.col(colonne).str.contains(motif))
        if not fautives.is_empty():
            raise self.faute(
                f"des codes de cinq caractères dans « {colonne} »",
                f"« {fautives[colonne][0]} » à la ligne {fautives[LIGNE][0]}",
            )
        return self.texte(colonne)

    def date(self, grille: pl.DataFrame) -> pl.Expr:
        if not self.options.date_colonne:
            return pl.lit(self.options.date or self.fichier.millesime)
        lue = self.texte(self.options.date_colonne).str.slice(0, 10)
        fautives = grille.filter(~lue.str.contains(_DATE))
        if not fautives.is_empty():
            colonne = self.options.date_colonne
            raise self.faute(
                f"des dates AAAA-MM-JJ dans « {colonne} »", f"« {fautives[colonne][0]} »"
            )
        return pl.coalesce(lue, pl.lit(self.options.date or self.fichier.millesime))

    def capacite(self, grille: pl.DataFrame, vue: Vue) -> pl.Expr:
        if self.options.regrouper:
            return pl.col("__nombre__").cast(pl.Float64)
        colonnes = vue.capacite or self.options.capacite
        if not colonnes:
            return pl.lit(None, dtype=pl.Float64)
        nombres = [self.nombre(grille, colonne) for colonne in colonnes]
        aucune = pl.all_horizontal(nombre.is_null() for nombre in nombres)
        somme = pl.when(~aucune).then(pl.sum_horizontal(nombres))
        if self.options.capacite_zero_inconnue:
            somme = pl.when(somme > 0).then(somme)
        return somme

    def fermeture(self) -> pl.Expr:
        """Renvoie ce que le fichier dit d'une fermeture, sans courriel ni téléphone."""
        texte = self.texte(self.options.fermeture)
        if not self.options.fermeture_motif:
            return texte
        dit = texte.str.contains(f"(?i){self.options.fermeture_motif}")
        return pl.when(dit).then(texte.map_elements(sans_contact, return_dtype=pl.String))

    def horaires(self) -> pl.Expr:
        jours = [
            pl.lit(f"{libelle} ") + self.texte(colonne)
            for colonne, libelle in sorted(
                self.options.horaires.items(), key=lambda jour: _rang_du_jour(jour[1])
            )
        ]
        if not jours:
            return pl.lit(None, dtype=pl.String)
        joints = pl.concat_str(jours, separator=" ; ", ignore_nulls=True)
        return pl.when(joints != "").then(joints)

    def horaires_osm(self) -> pl.Expr:
        """Renvoie la notation d'OpenStreetMap, là où chaque jour ne dit que des heures."""
        places = {c: _rang_du_jour(libelle) for c, libelle in self.options.horaires.items()}
        if len(places) < 5 or len(JOURS) in places.values():
            return pl.lit(None, dtype=pl.String)

        def semaine(cellules: dict[str, str]) -> str | None:
            jours = [""] * len(JOURS)
            for colonne, rang in places.items():
                jours[rang] = cellules[colonne]
            return osm_des_cellules(jours)

        return pl.struct(list(places)).map_elements(semaine, return_dtype=pl.String)

    def identifiants(self) -> pl.Expr:
        connus = [
            pl.lit(f"{prefixe}:") + self.texte(colonne)
            for prefixe, colonne in self.options.identifiants.items()
        ]
        if not connus:
            return pl.lit(None, dtype=SERVICES["identifiants"])
        return pl.concat_list(connus).list.drop_nulls()

    def projeter(self, grille: pl.DataFrame) -> pl.DataFrame:
        """Ajoute latitude et longitude des coordonnées en mètres."""
        x, y = (
            grille.select(self.nombre(grille, colonne).alias("n"))["n"].to_numpy()
            for colonne in (self.options.x, self.options.y)
        )
        codes = grille[self.options.projection]
        par_code = {code: projection_de(code) for code in codes.unique()}
        epsg = codes.replace_strict(par_code, return_dtype=pl.Int64).to_numpy()
        latitude, longitude = en_degres(x, y, epsg)
        return grille.with_columns(
            pl.Series(_LATITUDE, latitude).fill_nan(None),
            pl.Series(_LONGITUDE, longitude).fill_nan(None),
        )

    def degres(self, grille: pl.DataFrame, colonne: str, calculee: str) -> pl.Expr:
        """Renvoie les degrés du fichier, ou ceux tirés de ses coordonnées en mètres."""
        lus = self.nombre(grille, colonne)
        return pl.coalesce(lus, pl.col(calculee)) if self.options.x else lus

    def precision(self) -> pl.Expr:
        if not self.options.precision_colonne:
            return pl.lit(self.options.precision)
        return pl.col(self.options.precision_colonne).replace_strict(
            self.options.precisions, default="inconnue", return_dtype=pl.String
        )

    def remarque(self, vue: Vue) -> pl.Expr:
        parties: list[pl.Expr] = []
        for modele in self.options.remarques:
            champs = _champs(modele)
            patron = re.sub(r"\{[^}]*\}", "{}", modele)
            parties.append(pl.format(patron, *(self.texte(champ) for champ in champs)))
        if vue.remarque:
            parties.append(pl.lit(vue.remarque))
        if not parties:
            return pl.lit(None, dtype=pl.String)
        joints = pl.concat_str(parties, separator=" ; ", ignore_nulls=True)
        return pl.when(joints != "").then(joints)
