"""The words of the opt-out page, by language; a new language is one more entry."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation.trans_real import parse_accept_lang_header


@dataclass(frozen=True)
class Words:
    """One language; `{brand}` stands for who sends the messages."""

    name: str
    title: str
    question: str
    button: str
    kept: str
    done_title: str
    done: str
    gone_title: str
    gone: str


TEXTS: dict[str, Words] = {
    "en": Words(
        "English",
        "Stop messages from {brand}",
        "You will get no more text messages from {brand}. "
        "Codes that you ask for yourself, such as for signing in, still arrive.",
        "Stop the messages",
        "Did you open this page by mistake? Close it: nothing has changed.",
        "Done",
        "You will get no more text messages from {brand}. You may close this page.",
        "This link does not work",
        "It may be cut off. Open it again from the message, or answer the message with STOP.",
    ),
    "es": Words(
        "Español",
        "Dejar de recibir mensajes de {brand}",
        "No recibirá más mensajes de texto de {brand}. "
        "Los códigos que usted mismo pida, por ejemplo para iniciar sesión, seguirán llegando.",
        "No recibir más mensajes",
        "¿Ha abierto esta página por error? Ciérrela: nada ha cambiado.",
        "Hecho",
        "No recibirá más mensajes de texto de {brand}. Puede cerrar esta página.",
        "Este enlace no funciona",
        "Quizá esté incompleto. Ábralo de nuevo desde el mensaje o responda STOP.",
    ),
    "fr": Words(
        "Français",
        "Ne plus recevoir de messages de {brand}",
        "Vous ne recevrez plus de SMS de {brand}. "
        "Les codes que vous demandez vous-même, par exemple pour vous connecter, arriveront toujours.",
        "Ne plus recevoir de messages",
        "Page ouverte par erreur ? Fermez-la : rien n'a changé.",
        "C'est fait",
        "Vous ne recevrez plus de SMS de {brand}. Vous pouvez fermer cette page.",
        "Ce lien ne fonctionne pas",
        "Il est peut-être incomplet. Ouvrez-le de nouveau depuis le message, ou répondez STOP.",
    ),
    "de": Words(
        "Deutsch",
        "Keine Nachrichten mehr von {brand}",
        "Sie bekommen keine SMS mehr von {brand}. "
        "Codes, die Sie selbst anfordern, etwa zum Anmelden, kommen weiterhin an.",
        "Keine Nachrichten mehr",
        "Haben Sie diese Seite versehentlich geöffnet? Schließen Sie sie: Es hat sich nichts geändert.",
        "Erledigt",
        "Sie bekommen keine SMS mehr von {brand}. Sie können diese Seite schließen.",
        "Dieser Link funktioniert nicht",
        "Vielleicht ist er unvollständig. "
        "Öffnen Sie ihn noch einmal aus der Nachricht, oder antworten Sie mit STOP.",
    ),
    "pt": Words(
        "Português",
        "Deixar de receber mensagens de {brand}",
        "Não receberá mais SMS de {brand}. "
        "Os códigos que você mesmo pedir, por exemplo para entrar, continuam a chegar.",
        "Não receber mais mensagens",
        "Abriu esta página por engano? Feche-a: nada mudou.",
        "Pronto",
        "Não receberá mais SMS de {brand}. Pode fechar esta página.",
        "Este link não funciona",
        "Talvez esteja incompleto. Abra-o outra vez a partir da mensagem ou responda STOP.",
    ),
    "it": Words(
        "Italiano",
        "Non ricevere più messaggi da {brand}",
        "Non riceverà più SMS da {brand}. "
        "I codici che richiede lei, ad esempio per accedere, continueranno ad arrivare.",
        "Non ricevere più messaggi",
        "Ha aperto questa pagina per errore? La chiuda: non è cambiato nulla.",
        "Fatto",
        "Non riceverà più SMS da {brand}. Può chiudere questa pagina.",
        "Questo link non funziona",
        "Forse è incompleto. Lo apra di nuovo dal messaggio, oppure risponda STOP.",
    ),
    "nl": Words(
        "Nederlands",
        "Geen berichten meer van {brand}",
        "U krijgt geen sms'jes meer van {brand}. "
        "Codes die u zelf aanvraagt, bijvoorbeeld om in te loggen, komen nog wel aan.",
        "Geen berichten meer",
        "Hebt u deze pagina per ongeluk geopend? Sluit hem: er is niets veranderd.",
        "Klaar",
        "U krijgt geen sms'jes meer van {brand}. U kunt deze pagina sluiten.",
        "Deze link werkt niet",
        "Misschien is hij niet volledig. Open hem opnieuw vanuit het bericht, of antwoord met STOP.",
    ),
}


def language_of(header: str) -> str:
    """The language of TEXTS that a browser prefers (its Accept-Language); English when it prefers none of them."""
    for tag, _ in parse_accept_lang_header(header[:500].lower()):
        if (language := tag.partition("-")[0]) in TEXTS:
            return language
    return "en"
