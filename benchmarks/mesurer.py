"""Mesures de durée et de mémoire, chacune à côté de sa visée ; ``make bench``.

Une mesure n'échoue jamais : elle s'écrit dans ``benchmarks/RESULTS.md``, et se discute.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

RESULTATS = Path(__file__).with_name("RESULTS.md")
DEPARTEMENT = "40"
_PAS_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesure:
    """Une mesure et sa visée."""

    nom: str
    valeur: float
    visee: float | None
    unite: str
    note: str = ""

    @property
    def verdict(self) -> str:
        """Dit si la visée est tenue, dépassée, ou dépassée du double."""
        if self.visee is None:
            return "sans visée"
        if self.valeur <= self.visee:
            return "tenue"
        return "dépassée" if self.valeur <= 2 * self.visee else "dépassée de plus du double"

    def ligne(self) -> str:
        """Renvoie la ligne du tableau."""
        visee = "—" if self.visee is None else f"{francais(self.visee)} {self.unite}"
        cellules = (self.nom, f"{francais(self.valeur)} {self.unite}", visee, self.verdict)
        return "| " + " | ".join((*cellules, self.note)) + " |"


def francais(valeur: float) -> str:
    texte = f"{valeur:.2f}" if valeur < 10 else f"{valeur:.1f}"
    return texte.replace(".", ",")


def descendants(pid: int) -> list[int]:
    trouves = [pid]
    for fil in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            enfants = fil.read_text(encoding="ascii").split()
        except OSError:
            continue
        for enfant in enfants:
            trouves += descendants(int(enfant))
    return trouves


def memoire_octets(pid: int) -> int:
    total = 0
    for processus in descendants(pid):
        try:
            pages = int(Path(f"/proc/{processus}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


def executer(
    *arguments: str, cache: Path, permis: frozenset[int] = frozenset({0})
) -> tuple[float, float]:
    """Exécute une commande de Solidiag ; voir `chronometrer`."""
    return chronometrer([sys.executable, "-m", "solidiag", *arguments], cache=cache, permis=permis)


def chronometrer(
    commande: list[str], *, cache: Path, permis: frozenset[int] = frozenset({0})
) -> tuple[float, float]:
    """Exécute une commande ; renvoie sa durée (s) et le sommet de mémoire de l'arbre (Gio)."""
    debut = time.perf_counter()
    enfant = subprocess.Popen(
        commande,
        env={**os.environ, "SOLIDIAG_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
    )
    sommet = 0
    fini = threading.Event()

    def observer() -> None:
        nonlocal sommet
        while not fini.wait(_PAS_S):
            sommet = max(sommet, memoire_octets(enfant.pid))

    fil = threading.Thread(target=observer)
    fil.start()
    code = enfant.wait()
    duree = time.perf_counter() - debut
    fini.set()
    fil.join()
    if code not in permis:
        raise SystemExit(f"{' '.join(commande[1:])} : code de sortie {code}")
    return duree, sommet / 2**30


def mesures_de_la_commande() -> list[Mesure]:
    with tempfile.TemporaryDirectory(prefix="solidiag-bench-") as temporaire:
        racine = Path(temporaire)
        arguments = ("diagnostic", DEPARTEMENT, "--vers", str(racine / "sortie"))
        froid, memoire = executer(*arguments, cache=racine / "cache")
        rien, _ = executer(*arguments, cache=racine / "cache")
        formats, _ = executer(*arguments, "--formats", "donnees", cache=racine / "cache")
        executer(*arguments, cache=racine / "cache")
        verifie, _ = executer(
            "verifier", str(racine / "sortie"), cache=racine / "cache", permis=frozenset({0, 1})
        )
        aides = [executer("--help", cache=racine / "cache")[0] for _ in range(5)]
    return [
        Mesure(
            nom="Diagnostic des cinq formats, sans cache",
            valeur=froid,
            visee=60,
            unite="s",
            note=f"département {DEPARTEMENT}",
        ),
        Mesure(
            nom="Mémoire au plus haut, tous les processus",
            valeur=memoire,
            visee=3,
            unite="Gio",
            note="pendant la même exécution",
        ),
        Mesure(nom="Seconde exécution, rien de changé", valeur=rien, visee=5, unite="s"),
        Mesure(
            nom="Données ouvertes seules, avec le cache",
            valeur=formats,
            visee=None,
            unite="s",
        ),
        Mesure(
            nom="Vérification des cinq formats",
            valeur=verifie,
            visee=None,
            unite="s",
            note="recalcul entier, sans cache",
        ),
        Mesure(
            nom="`solidiag --help`",
            valeur=sorted(aides)[2],
            visee=0.5,
            unite="s",
            note="médiane de cinq",
        ),
    ]


def mesure_de_lecture() -> Mesure:
    from lecture_pandas import comparer

    comparaison = comparer()
    milliers = f"{comparaison.valeurs:,}".replace(",", "\u202f")
    return Mesure(
        nom="Lire et aligner les fichiers communaux, rapport à pandas",
        valeur=comparaison.rapport,
        visee=1,
        unite="fois",
        note=(
            f"{comparaison.fichiers} fichiers, {milliers} valeurs égales des deux côtés ; "
            f"{francais(comparaison.solidiag_s)} s contre {francais(comparaison.pandas_s)} s "
            f"(pandas {version('pandas')}), même processus, meilleure de trois"
        ),
    )


def mesures_du_recensement() -> list[Mesure]:
    from recensement import COLONNES, LUES
    from recensement import comparer as lire_recensement

    lu = lire_recensement()
    note = (
        f"{LUES} colonnes sur {COLONNES}, fichier fictif de {francais(lu.taille_mo)} Mo ; "
        f"{francais(lu.solidiag_s)} s contre {{}} s ; mêmes valeurs, même processus, "
        "meilleure de cinq"
    )
    return [
        Mesure(
            nom="Lire un fichier national du recensement, rapport à polars depuis le fichier",
            valeur=lu.solidiag_s / lu.polars_s,
            visee=1.5,
            unite="fois",
            note=note.format(francais(lu.polars_s)),
        ),
        Mesure(
            nom="Le même, rapport à polars depuis les mêmes octets en mémoire",
            valeur=lu.solidiag_s / lu.polars_memoire_s,
            visee=None,
            unite="fois",
            note=note.format(francais(lu.polars_memoire_s)),
        ),
    ]


def mesures_de_la_france() -> list[Mesure]:
    with tempfile.TemporaryDirectory(prefix="solidiag-bench-") as temporaire:
        script = str(Path(__file__).with_name("france.py"))
        duree, memoire = chronometrer([sys.executable, script], cache=Path(temporaire))
    note = "communes, intercommunalités, bassins, départements, régions ; sans cache"
    return [
        Mesure(
            nom="Tous les indicateurs, 101 départements",
            valeur=duree,
            visee=120,
            unite="s",
            note=note,
        ),
        Mesure(
            nom="Mémoire au plus haut, tous les indicateurs, 101 départements",
            valeur=memoire,
            visee=4,
            unite="Gio",
            note="pendant la même exécution",
        ),
    ]


def mesures_de_l_acces() -> list[Mesure]:
    from acces import RANGER, comparer

    lu = comparer()
    entier, seules = lu.secondes(table=True), lu.secondes(table=False)
    details = ", ".join(
        f"{nom} {francais(eux / nous)}" for nom, (nous, eux) in lu.durees.items() if nom != RANGER
    )
    milliers = f"{lu.couples:,}".replace(",", "\u202f")
    note = (
        f"{francais(entier[1] / entier[0])} fois plus vite, mise en ordre de la table comprise ; "
        f"{milliers} couples, valeurs égales à 1e-9 ; {francais(entier[0])} s contre "
        f"{francais(entier[1])} s (access {version('access')}), même processus, meilleure de cinq"
    )
    with tempfile.TemporaryDirectory(prefix="solidiag-bench-") as temporaire:
        script = str(Path(__file__).with_name("acces.py"))
        duree, memoire = chronometrer([sys.executable, script], cache=Path(temporaire))
    return [
        Mesure(
            nom="2SFCA, E2SFCA et 3SFCA, durée rapportée au paquet access",
            valeur=entier[0] / entier[1],
            visee=1 / 20,
            unite="fois",
            note=note,
        ),
        Mesure(
            nom="Les mêmes mesures seules, table déjà en ordre des deux côtés",
            valeur=seules[0] / seules[1],
            visee=None,
            unite="fois",
            note=f"fois plus vite : {details}",
        ),
        Mesure(
            nom="Accès de toutes les communes à 100 000 services, trajets estimés",
            valeur=duree,
            visee=60,
            unite="s",
            note="services de synthèse ; plus proche, nombre à 30 minutes, E2SFCA ; sans cache",
        ),
        Mesure(
            nom="Mémoire au plus haut, accès de toutes les communes",
            valeur=memoire,
            visee=3,
            unite="Gio",
            note="pendant la même exécution",
        ),
    ]


def mesures_des_routes() -> list[Mesure]:
    from routes import mesures

    return mesures()


def processeur() -> str:
    try:
        lignes = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    noms = [ligne.partition(":")[2].strip() for ligne in lignes if ligne.startswith("model name")]
    return noms[0] if noms else platform.machine()


def rapport(mesures: list[Mesure]) -> str:
    charge = francais(os.getloadavg()[0])
    return "\n".join(
        (
            "# Mesures",
            "",
            "Écrit par `make bench` ; une mesure ne fait échouer aucun essai.",
            "Au-delà du double de la visée, c'est un défaut à expliquer.",
            "",
            f"- Date : {date.today():%d/%m/%Y}",  # noqa: DTZ011
            f"- Machine : {os.cpu_count()} cœurs, {processeur()}, {platform.system()}",
            f"- Python {platform.python_version()}, polars {version('polars')}",
            f"- Charge de la machine à la fin des mesures : {charge}",
            "",
            "| Mesure | Valeur | Visée | Verdict | Note |",
            "| --- | --- | --- | --- | --- |",
            *(mesure.ligne() for mesure in mesures),
            "",
        )
    )


def main() -> None:
    mesures = [
        *mesures_de_la_commande(),
        mesure_de_lecture(),
        *mesures_du_recensement(),
        *mesures_de_la_france(),
        *mesures_de_l_acces(),
        *mesures_des_routes(),
    ]
    texte = rapport(mesures)
    RESULTATS.write_text(texte, encoding="utf-8")
    print(texte)


if __name__ == "__main__":
    main()
