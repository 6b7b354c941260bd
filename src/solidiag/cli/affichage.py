"""Ce que la ligne de commande montre : avancement, bilan, explications."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from solidiag.pipeline.explication_propre import Explication
    from solidiag.pipeline.inventaire_indicateurs import FicheIndicateur
    from solidiag.pipeline.inventaire_sources import FicheSource
    from solidiag.pipeline.suivi import Bilan
    from solidiag.pipeline.verification import Verification

_MANQUES_MONTRES = 12


def _console() -> Console:
    return Console(highlight=False, soft_wrap=False)


class Suivi:
    """Montre chaque étape quand elle commence, puis sa durée."""

    def __init__(self) -> None:
        self._console = _console()
        self._depart = 0.0
        self._etat = self._console.status("")

    def __enter__(self) -> Self:
        self._etat.start()
        return self

    def __exit__(
        self,
        genre: type[BaseException] | None,
        erreur: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._etat.stop()

    def debut(self, etape: str) -> None:
        """Montre l'étape en cours."""
        self._depart = time.monotonic()
        self._etat.update(f"{etape}…")

    def fin(self, etape: str, detail: str = "") -> None:
        """Montre l'étape finie, ce qu'elle a donné et sa durée."""
        duree = time.monotonic() - self._depart
        suite = f" — {detail}" if detail else ""
        self._console.print(f"[green]✓[/] {etape}{suite} [dim]({_secondes(duree)})[/]")


def _secondes(duree: float) -> str:
    return f"{duree:.1f} s".replace(".", ",")


def _taille(octets: int) -> str:
    if octets < 1_000_000:
        return f"{max(1, round(octets / 1000))} ko"
    return f"{octets / 1_000_000:.1f} Mo".replace(".", ",")


def afficher_bilan(bilan: Bilan) -> None:
    """Montre ce qui a été fait, où, et ce qui manque."""
    console = _console()
    console.print()
    if bilan.reutilise:
        console.print(
            f"Rien n'a changé depuis la dernière exécution : le diagnostic {bilan.territoire} "
            f"est à jour [dim]({_secondes(bilan.duree_s)})[/]."
        )
    else:
        console.print(
            f"[bold]Diagnostic {bilan.territoire}[/] produit en {_secondes(bilan.duree_s)}."
        )
    if bilan.comptes:
        console.print(", ".join(f"{n} {nom}" for nom, n in bilan.comptes.items() if n) + ".")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for nom, octets in bilan.fichiers:
        table.add_row(nom, _taille(octets))
    console.print(table)
    console.print(f"Dossier : [bold]{bilan.dossier}[/]")
    if bilan.retires:
        console.print(
            f"Formats retirés, car ils dataient d'autres données : {', '.join(bilan.retires)}."
        )
    if bilan.manques:
        console.print()
        console.print("[bold]Ce qui manque, et qui le détient[/] (tout est dans le rapport) :")
        for manque in bilan.manques[:_MANQUES_MONTRES]:
            console.print(f"  • {manque.domaine} — {manque.quoi} : {manque.detenteur}")
        reste = len(bilan.manques) - _MANQUES_MONTRES
        if reste > 0:
            console.print(f"  … et {reste} autres, voir le chapitre « Ce qui reste à documenter ».")


def afficher_explication(explication: Explication) -> None:
    """Montre la chaîne d'un chiffre, du plus imprimé au plus brut."""
    console = _console()
    for retrait, texte in explication.lignes():
        console.print("  " * retrait + texte, markup=False)


def afficher_verification(verification: Verification) -> None:
    """Montre les différences et les orphelins, ou dit que tout est conforme."""
    console = _console()
    for ligne in verification.lignes():
        console.print(ligne, markup=False, soft_wrap=True)


def afficher_sources(fiches: list[FicheSource]) -> None:
    """Montre chaque source : son titre, son identifiant, puis son âge et ce qu'elle couvre."""
    console = _console()
    for fiche in fiches:
        titre = f"{fiche.titre} (ajouté)" if fiche.ajoutee else fiche.titre
        console.print(titre, style="bold yellow" if fiche.ancienne else "bold", markup=False)
        suite = (fiche.producteur, fiche.millesimes, fiche.age, fiche.couverture, fiche.copie)
        console.print(f"   {fiche.id}", markup=False, highlight=False, soft_wrap=True)
        console.print(Padding(Text(" · ".join(m for m in suite if m)), (0, 0, 0, 3)))
    anciennes = sum(fiche.ancienne for fiche in fiches)
    console.print(
        f"{len(fiches)} sources, dont {anciennes} de plus de 24 mois (en jaune, marquées « ! »)."
    )
    ajoutees = sum(fiche.ajoutee for fiche in fiches)
    if ajoutees:
        console.print(
            f"{ajoutees} ajoutée{'s' if ajoutees > 1 else ''} par vous : "
            "« solidiag sources retirer IDENTIFIANT » pour en retirer une."
        )


def afficher_indicateurs(fiches: list[FicheIndicateur]) -> None:
    """Montre des indicateurs du catalogue : identifiant, libellé, état, détenteur."""
    console = _console()
    if not fiches:
        console.print("Aucun indicateur n'a ce mot ; sans mot, la commande les liste tous.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Identifiant", no_wrap=True)
    for entete in ("Indicateur", "État", "Producteur ou détenteur"):
        table.add_column(entete, overflow="fold")
    for fiche in fiches:
        table.add_row(fiche.id, fiche.libelle, fiche.etat, fiche.detenteur)
    console.print(table)
    demandes = sum(fiche.etat == "à demander" for fiche in fiches)
    mesures = sum(fiche.etat in ("offre", "accès") for fiche in fiches)
    besoins = len(fiches) - mesures
    dites = f" ; {mesures} mesure{'s' if mesures > 1 else ''} d'offre ou d'accès" if mesures else ""
    console.print(
        f"{besoins} indicateur{'s' if besoins > 1 else ''}, dont {demandes} à demander{dites}. "
        "Pour en voir un : solidiag expliquer IDENTIFIANT CODE"
    )
