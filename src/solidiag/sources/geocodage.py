"""Base Adresse Nationale : géocodage par fichier, seule l'adresse et le nom de commune partent."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from solidiag.errors import RecuperationImpossible
from solidiag.offre.geocodage import AdresseCherchee, ReponseAdresse
from solidiag.sources.protocoles.horloge import Horloge, HorlogeDuSysteme

if TYPE_CHECKING:
    import httpx

    from solidiag.sources.protocoles.session import Session

_CLE = "ligne"
_ATTENDUES = (
    "latitude",
    "longitude",
    "result_score",
    "result_type",
    "result_citycode",
    "result_label",
)
_LIMITE = 64 << 20


class GeocodeurBan:
    """Géocodage par envoi d'un fichier CSV.

    Parameters
    ----------
    adresse
        Adresse du service.
    lot
        Lignes par envoi.
    transport, horloge
        Ce qui porte les requêtes et dit l'heure ; le réseau et le système par défaut.
    """

    def __init__(
        self,
        adresse: str,
        *,
        nom: str,
        lot: int = 1000,
        transport: httpx.BaseTransport | None = None,
        horloge: Horloge | None = None,
    ) -> None:
        self._adresse, self._nom, self._lot = adresse, nom, lot
        self._transport, self._horloge = transport, horloge or HorlogeDuSysteme()

    @property
    def nom(self) -> str:
        """Nom imprimé du fournisseur."""
        return self._nom

    def geocoder(self, adresses: Sequence[AdresseCherchee]) -> list[ReponseAdresse | None]:
        """Renvoie une réponse par adresse, dans l'ordre ; rien là où le service se tait.

        Raises
        ------
        RecuperationImpossible
            Service injoignable, trop lent, qui refuse, ou dont la réponse n'est pas celle attendue.
        """
        from solidiag.sources.protocoles.session import Session

        trouvees: list[ReponseAdresse | None] = []
        with Session(transport=self._transport, horloge=self._horloge) as session:
            for debut in range(0, len(adresses), self._lot):
                lot = adresses[debut : debut + self._lot]
                trouvees += self._lire(self._envoyer(session, lot), len(lot))
        return trouvees

    def _envoyer(self, session: Session, lot: Sequence[AdresseCherchee]) -> bytes:
        try:
            return session.envoyer(
                self._adresse,
                champs={"columns": ["adresse", "commune"]},
                fichier=("adresses.csv", _ecrire(lot), "text/csv"),
                limite=_LIMITE,
            )
        except RecuperationImpossible as erreur:
            raise RecuperationImpossible(
                erreur.adresse,
                cause=erreur.cause,
                raison=erreur.raison,
                conseil="Les services restent situés à leur commune ; recommencez plus tard",
            ) from erreur

    def _lire(self, corps: bytes, nombre: int) -> list[ReponseAdresse | None]:
        """Lit la réponse d'un envoi ; une ligne absente ou illisible est une adresse sans réponse.

        Les colonnes envoyées reviennent : la ligne se retrouve à son numéro, non à son rang.
        """
        try:
            lecteur = csv.DictReader(io.StringIO(corps.decode("utf-8-sig"), newline=""))
            colonnes = list(lecteur.fieldnames or ())
            lignes = list(lecteur)
        except (UnicodeDecodeError, csv.Error) as erreur:
            raise self._inattendue("ce n'est pas un CSV") from erreur
        absentes = [nom for nom in (_CLE, *_ATTENDUES) if nom not in colonnes]
        if absentes:
            raise self._inattendue(f"il manque la colonne « {absentes[0]} »")
        par_numero = {ligne[_CLE]: ligne for ligne in lignes}
        return [_reponse(par_numero.get(str(numero))) for numero in range(nombre)]

    def _inattendue(self, raison: str) -> RecuperationImpossible:
        return RecuperationImpossible(
            self._adresse,
            cause="reponse",
            raison=f"la réponse n'est pas celle attendue : {raison}",
            conseil="Le service a pu changer ; les services restent situés à leur commune",
        )


def _ecrire(adresses: Sequence[AdresseCherchee]) -> bytes:
    tampon = io.StringIO(newline="")
    ecrivain = csv.writer(tampon)
    ecrivain.writerow([_CLE, "adresse", "commune"])
    ecrivain.writerows([n, a.adresse, a.commune] for n, a in enumerate(adresses))
    return tampon.getvalue().encode()


def _reponse(ligne: dict[str, str] | None) -> ReponseAdresse | None:
    if ligne is None:
        return None
    try:
        return ReponseAdresse(
            latitude=float(ligne["latitude"]),
            longitude=float(ligne["longitude"]),
            score=float(ligne["result_score"]),
            genre=ligne["result_type"],
            code_insee=ligne["result_citycode"],
            libelle=ligne["result_label"],
        )
    except (ValueError, TypeError):
        return None
