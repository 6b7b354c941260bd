"""Exceptions de Solidiag.

::

    SolidiagError
    ├── TerritoireInconnu        code absent du référentiel, avec des noms proches
    ├── ListeDeCommunesInvalide  liste de communes dont un territoire ne peut pas être tiré
    ├── DessinInvalide           dessin (GeoJSON) dont un territoire ne peut pas être tiré
    ├── FichierIllisible         fichier donné par une personne, absent ou protégé
    ├── IndicateurInconnu        identifiant absent de la grille
    ├── ChoixInconnu             valeur d'une option absente de sa liste (domaine, public)
    ├── ArbitrageImpossible      décision sur deux services qui ne tient pas, ou en contredit une
    ├── CalageRefuse             calage sur marges impossible (toutes les fautes à la fois)
    ├── DeclarationInvalide      fichier de déclaration fautif (toutes les fautes à la fois)
    ├── DonneesError
    │   ├── FichierAbsent        fichier embarqué introuvable
    │   ├── FichierAltere        empreinte différente de celle du verrou
    │   ├── FormatInattendu      colonne ou structure qui n'est pas celle déclarée
    │   ├── MarqueInconnue       marque de producteur non déclarée
    │   ├── FichierRefuse        fichier donné par une personne, que l'on n'ajoute pas
    │   ├── ClasseurFautif       classeur rempli à la main, fautes dites ligne par ligne
    │   └── RecuperationImpossible  fichier que le producteur n'a pas donné
    ├── SortieImpossible         on ne peut pas écrire le résultat
    ├── RenduImpossible          un format de publication a échoué
    ├── VerificationImpossible   le dossier à vérifier n'est pas un diagnostic
    └── PublicationInterdite     une table ne peut pas être publiée (secret)
        └── DejaMontre           des cases secrètes ont déjà été montrées

Les champs viennent avant le texte : le bord (ligne de commande, page) peut les reformuler.
"""

from __future__ import annotations

from collections.abc import Sequence


def _liste(noms: Sequence[str], limite: int = 5) -> str:
    vus = ", ".join(f"« {nom} »" for nom in noms[:limite])
    reste = len(noms) - limite
    return f"{vus} et {reste} autres" if reste > 0 else vus


class SolidiagError(Exception):
    """Erreur que l'utilisateur peut comprendre et corriger ; ``str`` donne une phrase."""


class TerritoireInconnu(SolidiagError):
    """Code ou nom de territoire absent du code officiel géographique."""

    def __init__(
        self, code: str, *, cog: int, proches: Sequence[str] = (), motif: str = ""
    ) -> None:
        self.code, self.cog, self.proches, self.motif = code, cog, tuple(proches), motif
        suite = f" Vouliez-vous dire {_liste(proches)} ?" if proches else ""
        raison = motif or f"n'est pas dans le code officiel géographique {cog}"
        faute = "Nom ambigu" if motif.startswith("désigne ") else "Territoire inconnu"
        super().__init__(f"{faute} : « {code} » {raison}.{suite}")


class ListeDeCommunesInvalide(SolidiagError):
    """Liste de communes vide, trop longue, ou dont un code est inconnu."""

    def __init__(self, raison: str, *, codes: Sequence[str] = (), indication: str = "") -> None:
        self.raison, self.codes, self.indication = raison, tuple(codes), indication
        lesquels = f" : {_liste(codes)}" if codes else ""
        suite = f" ({indication})" if indication else ""
        super().__init__(
            f"Liste de communes refusée : {raison}{lesquels}{suite}. "
            "Attendu : un code Insee de commune par ligne, par exemple 40088."
        )


class DessinInvalide(SolidiagError):
    """GeoJSON illisible, démesuré, ou dont la géométrie n'est pas valide."""

    def __init__(self, raison: str, *, conseil: str) -> None:
        self.raison, self.conseil = raison, conseil
        super().__init__(f"Dessin refusé : {raison}. {conseil}")


class FichierIllisible(SolidiagError):
    """Fichier donné par une personne, absent ou illisible."""

    def __init__(self, chemin: str) -> None:
        self.chemin = chemin
        super().__init__(
            f"Le fichier « {chemin} » ne peut pas être lu. Vérifiez son nom et vos droits."
        )


class IndicateurInconnu(SolidiagError):
    """Identifiant d'indicateur ou de mesure absent des déclarations."""

    def __init__(self, identifiant: str, *, proches: Sequence[str] = ()) -> None:
        self.identifiant, self.proches = identifiant, tuple(proches)
        suite = f" Vouliez-vous dire {_liste(proches)} ?" if proches else ""
        super().__init__(
            f"Indicateur inconnu : « {identifiant} ».{suite} "
            "Pour chercher : solidiag indicateurs MOT"
        )


class IndicateurAmbigu(SolidiagError):
    """Nom que plusieurs mesures portent : il faut dire laquelle."""

    def __init__(self, nom: str, *, code: str, candidats: Sequence[str]) -> None:
        self.nom, self.candidats = nom, tuple(candidats)
        lignes = "".join(f"\n  solidiag expliquer {c} {code}".rstrip() for c in candidats)
        super().__init__(
            f"« {nom} » est le nom de {len(candidats)} mesures. Précisez le domaine :{lignes}"
        )


class ChoixInconnu(SolidiagError):
    """Domaine ou public que la grille ou le vocabulaire ne connaît pas."""

    def __init__(self, quoi: str, valeur: str, *, proches: Sequence[str] = ()) -> None:
        self.quoi, self.valeur, self.proches = quoi, valeur, tuple(proches)
        suite = f" Vouliez-vous dire {_liste(proches)} ?" if proches else ""
        super().__init__(f"{quoi.capitalize()} inconnu : « {valeur} ».{suite}")


class ArbitrageImpossible(SolidiagError):
    """Décision d'une personne sur deux services, mal écrite ou contraire à une autre."""

    def __init__(self, raison: str, *, conseil: str) -> None:
        self.raison, self.conseil = raison, conseil
        super().__init__(f"Arbitrage refusé : {raison}. {conseil}")


class CalageRefuse(SolidiagError):
    """Calage sur marges que les données ou les bornes ne permettent pas, fautes toutes dites."""

    def __init__(self, fautes: Sequence[str], *, codes: Sequence[str] = ()) -> None:
        self.fautes, self.codes = tuple(fautes), tuple(codes)
        super().__init__("Calage refusé : " + " ; ".join(fautes) + ".")


class DeclarationInvalide(SolidiagError):
    """Une déclaration YAML porte des fautes, toutes rapportées."""

    def __init__(self, chemin: str, fautes: Sequence[str]) -> None:
        self.chemin, self.fautes = chemin, tuple(fautes)
        super().__init__(f"Déclaration {chemin} invalide : " + " ; ".join(fautes))


class DonneesError(SolidiagError):
    """Défaut d'un fichier de données."""


class FichierAbsent(DonneesError):
    """Fichier embarqué introuvable."""

    def __init__(self, chemin: str) -> None:
        self.chemin = chemin
        super().__init__(
            f"Le fichier de données « {chemin} » manque dans l'installation. "
            "Réinstallez Solidiag ou remettez ce fichier à sa place."
        )


class FichierAltere(DonneesError):
    """Octets différents de ceux que le verrou décrit."""

    def __init__(self, chemin: str, *, attendu: str, trouve: str) -> None:
        self.chemin, self.attendu, self.trouve = chemin, attendu, trouve
        ajoute = chemin.startswith("ajouts/")
        remede = (
            "Importez à nouveau le fichier d'origine avec « solidiag sources importer »"
            if ajoute
            else "Réinstallez Solidiag ou remettez le fichier d'origine"
        )
        super().__init__(
            f"Le fichier de données « {chemin} » a été modifié : empreinte attendue "
            f"{attendu[:12]}…, trouvée {trouve[:12]}…. {remede} ; aucun chiffre n'est tiré d'un "
            "fichier altéré."
        )


class FormatInattendu(DonneesError):
    """Structure de fichier qui n'est pas celle que la source déclare."""

    def __init__(self, source: str, fichier: str, *, attendu: str, trouve: str) -> None:
        self.source, self.fichier, self.attendu, self.trouve = source, fichier, attendu, trouve
        super().__init__(
            f"{source}, fichier « {fichier} » : attendu {attendu} ; trouvé {trouve}. "
            "Vérifiez que c'est le bon fichier, ou corrigez la déclaration de la source."
        )


class MarqueInconnue(DonneesError):
    """Valeur non numérique que la source ne déclare pas comme marque."""

    def __init__(self, source: str, fichier: str, *, colonne: str, marques: Sequence[str]) -> None:
        self.source, self.fichier, self.colonne = source, fichier, colonne
        self.marques = tuple(marques)
        super().__init__(
            f"{source}, fichier « {fichier} », colonne « {colonne} » : marque inconnue "
            f"{_liste(marques)}. Déclarez son sens dans la source avant de lire ce fichier."
        )


class FichierRefuse(DonneesError):
    """Fichier donné par une personne, que l'on n'ajoute pas ; rien n'a changé."""

    def __init__(self, nom: str, raison: str, conseil: str) -> None:
        self.nom, self.raison, self.conseil = nom, raison, conseil
        super().__init__(f"« {nom} » n'est pas ajouté : {raison} ; {conseil}.")


class ClasseurFautif(DonneesError):
    """Classeur rempli à la main dont des lignes sont fautives ; rien n'est ajouté.

    Parameters
    ----------
    fautes
        Une phrase par faute : feuille, ligne, colonne, ce qui ne va pas.
    bonnes, fautives
        Nombre de lignes sans faute, et avec.
    remarques
        Ce qui serait à vérifier même sans faute, une donnée personnelle par exemple.
    """

    def __init__(
        self,
        nom: str,
        fautes: Sequence[str],
        *,
        bonnes: int,
        fautives: int,
        remarques: Sequence[str] = (),
    ) -> None:
        self.nom, self.fautes, self.bonnes, self.fautives = nom, tuple(fautes), bonnes, fautives
        s = "s" if fautives > 1 else ""
        suite = (
            f"Corrigez-les, ou ajoutez les autres ({bonnes}) avec --malgre-les-lignes-fautives."
            if bonnes
            else "Corrigez-les, puis recommencez."
        )
        super().__init__(
            f"« {nom} » n'est pas ajouté : {fautives} ligne{s} fautive{s}. {suite}\n"
            + "\n".join(f"  {faute}" for faute in fautes)
            + "".join(f"\n  À vérifier aussi : {remarque}" for remarque in remarques)
        )


class RecuperationImpossible(DonneesError):
    """Fichier qui n'a pas pu être récupéré chez son producteur ; rien n'a changé.

    Parameters
    ----------
    adresse
        Adresse demandée, sans ce qui suit « ? ».
    cause
        Mot stable, pour le programme : ``reseau``, ``certificat``, ``introuvable``, ``refus``,
        ``mandataire``, ``trop_de_requetes``, ``delai``, ``tronque``, ``taille``, ``panne``,
        ``reponse`` ou ``disque``.
    """

    def __init__(self, adresse: str, *, cause: str, raison: str, conseil: str) -> None:
        self.adresse, self.cause, self.raison, self.conseil = adresse, cause, raison, conseil
        super().__init__(f"« {adresse} » n'a pas été récupéré : {raison}. {conseil}.")


class SortieImpossible(SolidiagError):
    """Le résultat ne peut pas être écrit ; le résultat précédent est intact."""

    def __init__(self, chemin: str, raison: str) -> None:
        self.chemin, self.raison = chemin, raison
        super().__init__(
            f"Impossible d'écrire dans « {chemin} » : {raison}. "
            "Le résultat précédent, s'il existe, est intact."
        )


class RenduImpossible(SolidiagError):
    """Un format de publication n'a pas pu être produit."""

    def __init__(self, format_: str, raison: str) -> None:
        self.format, self.raison = format_, raison
        super().__init__(f"Le format {format_} n'a pas pu être produit : {raison}")


class VerificationImpossible(SolidiagError):
    """Le dossier à vérifier n'est pas un diagnostic que l'on sache relire."""

    def __init__(self, dossier: str, raison: str) -> None:
        self.dossier, self.raison = dossier, raison
        super().__init__(
            f"Impossible de vérifier « {dossier} » : {raison}. Donnez le dossier d'un diagnostic, "
            "par exemple sorties/diagnostic-40."
        )


class PublicationInterdite(SolidiagError):
    """Une table porte une valeur que son statut interdit de montrer."""

    def __init__(self, table: str, raison: str) -> None:
        self.table, self.raison = table, raison
        super().__init__(f"La table « {table} » ne peut pas être publiée : {raison}")


class DejaMontre(PublicationInterdite):
    """Des cases aujourd'hui secrètes se retrouvent avec ce qui a déjà été publié."""

    def __init__(self, table: str, cases: Sequence[tuple[str, ...]]) -> None:
        self.cases = tuple(cases)
        super().__init__(
            table,
            f"{len(self.cases)} case(s) secrète(s), dont « {' / '.join(self.cases[0])} », se "
            "retrouvent avec ce qui a déjà été publié. Retirez ces publications, ou acceptez-le "
            "par écrit",
        )
