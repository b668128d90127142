#include <stdio.h>
#include <string.h>

#include "copilot/variants.h"

enum { TEXT = 400 };

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static const char *const words[] = { "inventory", "audit", "rates", "backup", "cost", "billing", "search", "status", "reports", "logs", "drain",
	"restart", "stop", "live", "stage", "errors", "memory", "events", "list", "pricing", "traffic", "exposed", "public", "users", "storage",
	"metrics", "alerts", "quota", "release", "move", "scale", "update" };

struct pattern {
	const char *type, *resource, *scope, *text; /* one %s: the name */
};

static const struct pattern named[] = {
	{ "terminate", "kubernetes", "staging", "delete the deployment %s in staging" },
	{ "terminate", "kubernetes", "dev", "drop namespace %s on dev for good" },
	{ "restart", "kubernetes", "prod", "restart deployment %s in prod" },
	{ "restart", "kubernetes", "staging", "please bounce the %s service on staging" },
	{ "scale", "kubernetes", "prod", "scale deployment %s to 4 replicas in prod" },
	{ "scale", "kubernetes", "staging", "set %s to 3 replicas on staging" },
	{ "rollback", "kubernetes", "prod", "revert %s to revision 6 in prod" },
	{ "rollback", "kubernetes", "staging", "roll back deployment %s on staging" },
	{ "restart", "kubernetes", "prod", "restart \"%s\" in prod" },
	{ "stop", "vm", "dev", "power off the gcp vm %s in dev" },
	{ "restart", "db", "prod", "restart the %s database in prod" },
	{ "restart", "db", "dev", "reboot db %s in dev" },
	{ "investigate", "kubernetes", "prod", "why does deployment %s keep crashing in prod" },
	{ "drain", "kubernetes", "prod", "drain node %s in prod" },
	{ "terminate", "kubernetes", "staging", "lösch das deployment %s auf staging" },
	{ "terminate", "kubernetes", "dev", "entferne den namespace %s in dev endgültig" },
	{ "restart", "kubernetes", "prod", "starte das deployment %s in prod neu" },
	{ "restart", "kubernetes", "staging", "den dienst %s auf staging neu starten" },
	{ "scale", "kubernetes", "prod", "skaliere %s in prod auf 4 replicas" },
	{ "rollback", "kubernetes", "staging", "setz %s auf staging auf revision 6 zurück" },
	{ "restart", "db", "prod", "starte die datenbank %s in prod neu" },
	{ "terminate", "kubernetes", "staging", "supprimer définitivement le deployment %s en staging" },
	{ "terminate", "kubernetes", "dev", "supprime le namespace %s en dev" },
	{ "restart", "kubernetes", "prod", "redémarre le deployment %s en prod" },
	{ "restart", "kubernetes", "staging", "relance le service %s en staging" },
	{ "scale", "kubernetes", "prod", "passe %s à 4 réplicas en prod" },
	{ "rollback", "kubernetes", "prod", "reviens à la révision 6 de %s en prod" },
	{ "restart", "db", "prod", "redémarre la base %s en prod" },
	{ "terminate", "kubernetes", "staging", "elimina el deployment %s en staging" },
	{ "terminate", "kubernetes", "dev", "borra el namespace %s en dev" },
	{ "restart", "kubernetes", "prod", "reinicia el deployment %s en prod" },
	{ "restart", "kubernetes", "staging", "reinicia el servicio %s en staging" },
	{ "scale", "kubernetes", "prod", "escala %s a 4 réplicas en prod" },
	{ "rollback", "kubernetes", "prod", "revierte %s a la revisión 6 en prod" },
	{ "restart", "db", "prod", "reinicia la base de datos %s en prod" },
	{ "terminate", "kubernetes", "staging", "exclua o deployment %s em staging" },
	{ "terminate", "kubernetes", "dev", "apague de vez o namespace %s em dev" },
	{ "restart", "kubernetes", "prod", "reinicie o deployment %s em prod" },
	{ "restart", "kubernetes", "staging", "reinicia o serviço %s em staging" },
	{ "scale", "kubernetes", "prod", "escale %s para 4 réplicas em prod" },
	{ "rollback", "kubernetes", "prod", "reverta %s para a revisão 6 em prod" },
	{ "restart", "db", "prod", "reinicie o banco de dados %s em prod" },
	{ "terminate", "kubernetes", "staging", "stagingのdeployment %sを削除して" },
	{ "terminate", "kubernetes", "dev", "devのnamespace %sを消して" },
	{ "restart", "kubernetes", "prod", "prodのdeployment %sを再起動して" },
	{ "scale", "kubernetes", "prod", "prodの%sを4レプリカにして" },
	{ "rollback", "kubernetes", "staging", "stagingの%sをリビジョン6に戻して" },
};

/* How one act is asked for: the word itself, as a noun of doing, and "to do so". %s the target with its place. */
struct act {
	const char *type, *gerund, *infinitive;
};

static const struct act english[] = {
	{ "restart", "restarting %s", "restart %s" }, { "restart", "bouncing %s", "bounce %s" }, { "stop", "stopping %s", "stop %s" },
	{ "stop", "shutting %s down", "shut %s down" }, { "start", "starting %s", "start %s" }, { "start", "bringing up %s", "bring up %s" },
	{ "terminate", "deleting %s", "delete %s" }, { "rollback", "rolling back %s", "roll back %s" }, { "rollback", "reverting %s", "revert %s" },
	{ "scale", "scaling %s to 5 replicas", "scale %s to 5 replicas" }, { "investigate", "looking into %s", "look into %s" },
	{ "investigate", "investigating %s", "investigate %s" },
	{ "restart", "rebooting the pods of %s", "reboot the pods of %s" }, { "restart", "recycling %s", "recycle %s" }, { "terminate", "removing %s for good", "remove %s for good" }, { "stop", "pausing %s", "pause %s" }, { "start", "spinning up %s", "spin up %s" }, { "scale", "growing %s to 5 replicas", "grow %s to 5 replicas" }, { "rollback", "undoing the last release of %s", "undo the last release of %s" }, { "investigate", "finding out what is wrong with %s", "find out what is wrong with %s" }, { "investigate", "diagnosing %s", "diagnose %s" }, { "status", "checking the health of %s", "check the health of %s" }, { "terminate", "destroying %s", "destroy %s" }, { "scale", "scaling %s down to 5 pods", "scale %s down to 5 pods" },
};
static const struct act german[] = {
	{ "restart", NULL, "%s neu starten" }, { "restart", NULL, "%s durchstarten" }, { "stop", NULL, "%s anhalten" },
	{ "stop", NULL, "%s runterfahren" }, { "start", NULL, "%s hochfahren" }, { "terminate", NULL, "%s löschen" },
	{ "rollback", NULL, "%s zurückrollen" }, { "scale", NULL, "%s auf 5 replicas skalieren" }, { "investigate", NULL, "%s untersuchen" },
	{ "terminate", NULL, "%s entfernen" }, { "stop", NULL, "%s stoppen" }, { "stop", NULL, "%s abschalten" }, { "start", NULL, "%s starten" }, { "rollback", NULL, "%s auf die vorige Version zurücksetzen" }, { "scale", NULL, "%s auf 5 Pods hochskalieren" }, { "restart", NULL, "%s rebooten" }, { "investigate", NULL, "%s analysieren" },
};
static const struct act french[] = {
	{ "restart", NULL, "redémarrer %s" }, { "restart", NULL, "relancer %s" }, { "stop", NULL, "arrêter %s" }, { "stop", NULL, "couper %s" },
	{ "start", NULL, "démarrer %s" }, { "terminate", NULL, "supprimer %s" }, { "scale", NULL, "passer %s à 5 réplicas" },
	{ "investigate", NULL, "diagnostiquer %s" },
	{ "restart", NULL, "rebooter %s" }, { "stop", NULL, "stopper %s" }, { "stop", NULL, "éteindre %s" }, { "start", NULL, "lancer %s" }, { "terminate", NULL, "effacer %s" }, { "rollback", NULL, "ramener %s à la version précédente" }, { "scale", NULL, "monter %s à 5 réplicas" }, { "investigate", NULL, "analyser %s" },
};
static const struct act spanish[] = {
	{ "restart", NULL, "reiniciar %s" }, { "stop", NULL, "detener %s" }, { "stop", NULL, "parar %s" }, { "start", NULL, "arrancar %s" },
	{ "terminate", NULL, "borrar %s" }, { "terminate", NULL, "eliminar %s" }, { "rollback", NULL, "revertir %s" },
	{ "scale", NULL, "escalar %s a 5 réplicas" }, { "investigate", NULL, "investigar %s" },
	{ "restart", NULL, "relanzar %s" }, { "stop", NULL, "apagar %s" }, { "start", NULL, "iniciar %s" }, { "start", NULL, "levantar %s" }, { "rollback", NULL, "volver %s a la versión anterior" }, { "scale", NULL, "subir %s a 5 réplicas" }, { "investigate", NULL, "diagnosticar %s" },
};
static const struct act portuguese[] = {
	{ "restart", NULL, "reiniciar %s" }, { "stop", NULL, "parar %s" }, { "stop", NULL, "derrubar %s" }, { "start", NULL, "iniciar %s" },
	{ "terminate", NULL, "excluir %s" }, { "terminate", NULL, "remover %s" }, { "rollback", NULL, "reverter %s" },
	{ "scale", NULL, "escalar %s para 5 réplicas" }, { "investigate", NULL, "investigar %s" },
	{ "stop", NULL, "desligar %s" }, { "start", NULL, "ligar %s" }, { "start", NULL, "subir %s" }, { "terminate", NULL, "apagar %s" }, { "rollback", NULL, "voltar %s para a versão anterior" }, { "scale", NULL, "aumentar %s para 5 réplicas" }, { "investigate", NULL, "diagnosticar %s" }, { "restart", NULL, "dar restart em %s" },
};
static const struct act japanese[] = {
	{ "restart", NULL, "%sを再起動" }, { "stop", NULL, "%sを停止" }, { "start", NULL, "%sを起動" }, { "terminate", NULL, "%sを削除" },
	{ "rollback", NULL, "%sをロールバック" }, { "investigate", NULL, "%sを調査" },
	{ "restart", NULL, "%sをリスタート" }, { "scale", NULL, "%sを5レプリカにスケール" }, { "stop", NULL, "%sをシャットダウン" }, { "terminate", NULL, "%sを消去" },
};

static const char *const english_gerund[] = { "would you mind %s", "do you mind %s?", "mind %s please", "i'd appreciate you %s",
	"would anyone mind %s", "can i bother you with %s" };
static const char *const english_frames[] = { "could someone %s", "could you pls %s?", "i'd like you to %s", "can u %s", "would you kindly %s",
	"would you be so kind as to %s", "we need you to %s", "please go and %s", "i want you to %s asap", "could i ask you to %s",
	"would it be possible to %s?", "can we %s please", "be a dear and %s", "time to %s", "let's %s", "you need to %s", "go ahead and %s",
	"could anybody %s for me", "any chance you could %s", "any chance to %s", "you might want to %s", "mind if i ask you to %s", "pretty please %s", "do me a favour and %s", "do me a favor, %s", "it would be great if you could %s", "would be nice if someone could %s", "we'd like to %s", "i'd love to %s", "i have to %s", "we've got to %s", "gotta %s", "hey, could you quickly %s", "pls %s asap thx", "would you please %s now", "kindly %s", "we want to %s", "i'm asking you to %s", "can you please help me %s", "help me %s", "let us %s", "just %s please" };
static const char *const german_frames[] = { "kannst du mal %s", "könntest du bitte %s", "könnte jemand %s?", "würdest du bitte %s", "bitte %s",
	"magst du mal %s", "wir müssen %s", "kann wer %s", "können wir %s bitte", "ich möchte %s", "ich hätte gern, dass wir %s", "du kannst jetzt %s",
	"ist es möglich, %s bitte", "sei so nett und %s",
	"kannst du eben %s", "kannst du schnell %s", "können Sie bitte %s", "könnten Sie mal %s", "wäre nett, %s", "wärst du so lieb, %s", "ich würde gern %s", "ich muss %s", "ich will %s", "man müsste %s", "jemand soll bitte %s", "bitte mal eben %s", "tu mir den Gefallen und %s", "lass uns %s", "wir sollten %s" };
static const char *const french_frames[] = { "peux-tu %s", "tu pourrais %s ?", "pourrais-tu %s stp", "pouvez-vous %s", "pourriez-vous %s svp",
	"il faut %s", "merci de %s", "est-ce que tu peux %s", "j'aimerais %s", "on doit %s", "quelqu'un peut %s ?", "veuillez %s", "il faudrait %s",
	"tu veux bien %s",
	"pourrait-on %s", "on peut %s ?", "tu peux %s vite fait", "je dois %s", "je veux %s", "je voudrais %s", "nous devons %s", "il est temps de %s", "merci de bien vouloir %s", "serait-il possible de %s", "aurais-tu l'amabilité de %s", "peux-tu vite %s stp", "est-ce qu'on peut %s", "prière de %s" };
static const char *const spanish_frames[] = { "podrías %s", "¿puedes %s?", "puede alguien %s", "hay que %s", "necesito %s", "me gustaría %s",
	"tenemos que %s", "¿podría usted %s?", "quiero %s", "haz el favor de %s", "¿te importaría %s?", "por favor %s", "vamos a %s",
	"¿podrían %s?", "¿alguien puede %s?", "podemos %s", "debemos %s", "tengo que %s", "quisiera %s", "necesitamos %s", "por favor, ¿puedes %s?", "¿me ayudas a %s?", "¿sería posible %s?", "hazme el favor de %s", "toca %s", "se debe %s", "¿serías tan amable de %s?" };
static const char *const portuguese_frames[] = { "poderias %s", "você pode %s?", "podes %s", "alguém pode %s", "preciso %s", "gostaria de %s",
	"temos que %s", "poderia %s por favor", "dá pra %s?", "consegue %s?", "vamos %s", "é preciso %s", "quero %s",
	"tu podes %s", "vocês podem %s?", "será que alguém pode %s?", "tem como %s?", "precisamos %s", "devemos %s", "queria %s", "favor %s", "por gentileza %s", "me ajuda a %s", "tens de %s", "tenho que %s", "seria possível %s?", "você poderia %s, por favor" };
static const char *const japanese_frames[] = { "%sして頂けますか", "%sしていただけますか", "%sしてもらえますか", "%sをお願いします", "%sしてくれる？", "%sしてほしい",
	"%sお願いできますか", "%sしてください", "%sしてもらえると助かります", "誰か%sして",
	"%sしてもらってもいいですか", "%sしてもらいたい", "%sする必要があります", "%sして頂きたいです", "%sよろしく", "すぐ%sして", "%sしといて", "%sして下さいませんか", "%sしてくれませんか", "悪いけど%sして" };

static const char *const english_targets[] = { "checkout in prod", "the ledger-api deployment on staging", "parcel in dev" };
static const char *const german_targets[] = { "checkout in prod", "das deployment ledger-api auf staging", "parcel in dev" };
static const char *const french_targets[] = { "checkout en prod", "le deployment ledger-api en staging", "parcel en dev" };
static const char *const spanish_targets[] = { "checkout en prod", "el deployment ledger-api en staging", "parcel en dev" };
static const char *const portuguese_targets[] = { "checkout em prod", "o deployment ledger-api em staging", "parcel em dev" };
static const char *const japanese_targets[] = { "prodのcheckout", "stagingのledger-api", "devのparcel" };
static const char *const scopes[] = { "prod", "staging", "dev" };

#define LIST(list) list, COUNT(list)
static const struct tongue {
	const struct act *acts;
	size_t act_count;
	const char *const *targets, *const *gerunds;
	size_t gerund_count;
	const char *const *frames;
	size_t frame_count;
} tongues[] = {
	{ LIST(english), english_targets, LIST(english_gerund), LIST(english_frames) },
	{ LIST(german), german_targets, NULL, 0, LIST(german_frames) },
	{ LIST(french), french_targets, NULL, 0, LIST(french_frames) },
	{ LIST(spanish), spanish_targets, NULL, 0, LIST(spanish_frames) },
	{ LIST(portuguese), portuguese_targets, NULL, 0, LIST(portuguese_frames) },
	{ LIST(japanese), japanese_targets, NULL, 0, LIST(japanese_frames) },
};

/* Something to be read, and how it is asked for. */
struct asked {
	const char *type, *resource, *scope, *text;
};
static const struct asked english_whys[] = { { "investigate", "kubernetes", "prod", "why checkout is slow in prod" },
	{ "investigate", "db", "staging", "why the ledger database is slow on staging" }, { "investigate", "kubernetes", "dev", "what is wrong with parcel in dev" },
	{ "investigate", "host", NULL, "why the disk of web-3 is full" }, { "explain_cost", "bill", "prod", "why the aws bill of prod went up" },
	{ "status", "kubernetes", "prod", "whether checkout in prod is healthy" }, { "status", "db", "dev", "if the ledger db in dev is up" },
	{ "forecast", "bill", NULL, "what aws will cost next month" }, { "forecast", "db", "prod", "when the ledger db in prod runs out of disk" },
	{ "audit_security", "sg", "prod", "which security groups are open to the world in prod" }, { "list", "kubernetes", "staging", "which pods run on staging" },
	{ "status", "cert", NULL, "when the certificate of shop.example.org expires" } };
static const char *const english_asks[] = { "can you tell me %s", "i'd like to know %s", "do you know %s?", "tell me %s please", "any idea %s?", "please find out %s",
	"i need to know %s", "could someone check %s", "i wonder %s", "we want to know %s", "pls check %s", "could you find out %s", "my boss asks %s", "no idea %s, can you look",
	"remind me %s" };
static const struct asked german_whys[] = { { "investigate", "kubernetes", "prod", "warum checkout in prod langsam ist" },
	{ "investigate", "db", "staging", "wieso die datenbank ledger auf staging hängt" }, { "status", "kubernetes", "prod", "ob checkout in prod läuft" },
	{ "investigate", "host", NULL, "warum die platte von web-3 voll ist" }, { "explain_cost", "bill", "prod", "warum die aws-rechnung von prod gestiegen ist" },
	{ "list", "kubernetes", "staging", "welche pods auf staging laufen" }, { "status", "cert", NULL, "wann das zertifikat von shop.example.org abläuft" },
	{ "forecast", "bill", NULL, "was aws nächsten monat kosten wird" } };
static const char *const german_asks[] = { "kannst du mir sagen, %s", "ich möchte wissen, %s", "weißt du, %s?", "sag mir bitte, %s", "keine ahnung, %s", "finde heraus, %s",
	"ich wüsste gern, %s", "schau mal, %s", "kann jemand prüfen, %s", "bitte prüfen, %s" };
static const struct asked french_whys[] = { { "investigate", "kubernetes", "prod", "pourquoi checkout est lent en prod" },
	{ "investigate", "db", "staging", "pourquoi la base ledger rame en staging" }, { "status", "kubernetes", "prod", "si checkout tourne en prod" },
	{ "list", "kubernetes", "staging", "quels pods tournent en staging" }, { "explain_cost", "bill", "prod", "pourquoi la facture aws de prod a augmenté" },
	{ "status", "cert", NULL, "quand expire le certificat de shop.example.org" } };
static const char *const french_asks[] = { "peux-tu me dire %s", "j'aimerais savoir %s", "dis-moi %s", "tu sais %s ?", "je veux savoir %s", "vérifie %s", "on aimerait savoir %s",
	"quelqu'un sait %s ?", "regarde %s stp" };
static const struct asked spanish_whys[] = { { "investigate", "kubernetes", "prod", "por qué checkout va lento en prod" },
	{ "investigate", "db", "staging", "por qué la base ledger va lenta en staging" }, { "status", "kubernetes", "prod", "si checkout funciona en prod" },
	{ "list", "kubernetes", "staging", "qué pods corren en staging" }, { "explain_cost", "bill", "prod", "por qué subió la factura de aws de prod" },
	{ "status", "cert", NULL, "cuándo caduca el certificado de shop.example.org" } };
static const char *const spanish_asks[] = { "¿puedes decirme %s?", "quiero saber %s", "dime %s", "¿sabes %s?", "me gustaría saber %s", "averigua %s", "comprueba %s",
	"necesito saber %s", "¿alguien sabe %s?" };
static const struct asked portuguese_whys[] = { { "investigate", "kubernetes", "prod", "por que o checkout está lento em prod" },
	{ "investigate", "db", "staging", "por que o banco ledger está lento em staging" }, { "status", "kubernetes", "prod", "se o checkout está no ar em prod" },
	{ "list", "kubernetes", "staging", "quais pods rodam em staging" }, { "explain_cost", "bill", "prod", "por que a fatura da aws de prod subiu" },
	{ "status", "cert", NULL, "quando expira o certificado de shop.example.org" } };
static const char *const portuguese_asks[] = { "pode me dizer %s?", "quero saber %s", "me diz %s", "você sabe %s?", "gostaria de saber %s", "descubra %s", "verifique %s",
	"preciso saber %s", "alguém sabe %s?" };
static const struct inquiry {
	const struct asked *whys;
	size_t why_count;
	const char *const *asks;
	size_t ask_count;
} inquiries[] = { { LIST(english_whys), LIST(english_asks) }, { LIST(german_whys), LIST(german_asks) }, { LIST(french_whys), LIST(french_asks) },
	{ LIST(spanish_whys), LIST(spanish_asks) }, { LIST(portuguese_whys), LIST(portuguese_asks) } };

/* What is to happen to it: the participle, and how it is asked for. Two %s: the target with its place, the participle. */
static const struct asked english_done[] = { { "restart", "", "", "restarted" }, { "restart", "", "", "bounced" }, { "stop", "", "", "stopped" }, { "stop", "", "", "shut down" },
	{ "start", "", "", "started" }, { "start", "", "", "brought back up" }, { "terminate", "", "", "deleted" }, { "terminate", "", "", "removed for good" },
	{ "rollback", "", "", "rolled back" }, { "rollback", "", "", "reverted" }, { "scale", "", "", "scaled to 5 replicas" }, { "investigate", "", "", "investigated" } };
static const char *const english_passives[] = { "%s must be %s", "%s should be %s", "%s needs to be %s", "%s has to be %s", "i want %s %s", "i need %s %s", "can we get %s %s", "get %s %s",
	"could %s be %s?", "please have %s %s", "%s can be %s now", "we'd like %s %s", "%s is to be %s", "%s shall be %s please", "%s wants to be %s", "time for %s to be %s" };
static const struct asked german_done[] = { { "restart", "", "", "neu gestartet" }, { "restart", "", "", "durchgestartet" }, { "stop", "", "", "gestoppt" }, { "stop", "", "", "heruntergefahren" },
	{ "start", "", "", "hochgefahren" }, { "terminate", "", "", "gelöscht" }, { "terminate", "", "", "entfernt" }, { "rollback", "", "", "zurückgerollt" },
	{ "rollback", "", "", "auf die vorige Version zurückgesetzt" }, { "scale", "", "", "auf 5 replicas skaliert" } };
static const char *const german_passives[] = { "%s muss %s werden", "%s soll %s werden", "%s sollte %s werden", "%s kann %s werden", "bitte %s %s bekommen", "%s müsste mal %s werden",
	"könnte %s %s werden?", "%s gehört %s", "%s darf %s werden", "ich brauche %s %s" };
static const struct asked french_done[] = { { "restart", "", "", "redémarré" }, { "stop", "", "", "arrêté" }, { "start", "", "", "démarré" }, { "terminate", "", "", "supprimé" },
	{ "scale", "", "", "passé à 5 réplicas" }, { "rollback", "", "", "ramené à la version précédente" } };
static const char *const french_passives[] = { "%s doit être %s", "%s devrait être %s", "%s peut être %s", "il faut que %s soit %s", "%s a besoin d'être %s" };
static const struct asked spanish_done[] = { { "restart", "", "", "reiniciado" }, { "stop", "", "", "detenido" }, { "terminate", "", "", "eliminado" }, { "terminate", "", "", "borrado" },
	{ "scale", "", "", "escalado a 5 réplicas" }, { "rollback", "", "", "revertido" } };
static const char *const spanish_passives[] = { "%s debe ser %s", "%s tiene que ser %s", "%s puede ser %s", "%s necesita ser %s", "%s debería ser %s", "quiero %s %s" };
static const struct asked portuguese_done[] = { { "restart", "", "", "reiniciado" }, { "stop", "", "", "parado" }, { "terminate", "", "", "excluído" }, { "terminate", "", "", "removido" },
	{ "scale", "", "", "escalado para 5 réplicas" }, { "rollback", "", "", "revertido" } };
static const char *const portuguese_passives[] = { "%s deve ser %s", "%s tem que ser %s", "%s pode ser %s", "%s precisa ser %s", "%s deveria ser %s", "quero %s %s" };
static const struct passive {
	const struct asked *done;
	size_t done_count;
	const char *const *targets, *const *frames;
	size_t frame_count;
} passives[] = { { LIST(english_done), english_targets, LIST(english_passives) }, { LIST(german_done), german_targets, LIST(german_passives) },
	{ LIST(french_done), french_targets, LIST(french_passives) }, { LIST(spanish_done), spanish_targets, LIST(spanish_passives) },
	{ LIST(portuguese_done), portuguese_targets, LIST(portuguese_passives) } };

/* Three words of a request in any order. */
static const struct asked terse[] = { { "restart", "kubernetes", "", "restart" }, { "stop", "kubernetes", "", "stop" }, { "start", "kubernetes", "", "start" },
	{ "scale", "kubernetes", "", "3 replicas" }, { "scale", "kubernetes", "", "scale to 4" }, { "rollback", "kubernetes", "", "rollback" }, { "rollback", "kubernetes", "", "revert to v1.2.3" },
	{ "status", "kubernetes", "", "status" }, { "status", "kubernetes", "", "healthy?" }, { "list", "log", "", "logs" }, { "list", "log", "", "error logs" },
	{ "investigate", "kubernetes", "", "why slow" }, { "investigate", "kubernetes", "", "crashlooping" }, { "investigate", "kubernetes", "", "high latency, investigate" },
	{ "restart", "kubernetes", "", "neustart" }, { "terminate", "kubernetes", "", "delete deployment" }, { "investigate", "kubernetes", "", "500s" } };

/* The act and its place said otherwise: as a noun, at the end. Two %s: target, scope. */
static const struct pattern orders[] = {
	{ "restart", "kubernetes", NULL, "restart of %s in %s please" }, { "restart", "kubernetes", NULL, "%s restart, %s" },
	{ "restart", "kubernetes", NULL, "%s in %s: restart" }, { "rollback", "kubernetes", NULL, "rollback of %s on %s please" },
	{ "rollback", "kubernetes", NULL, "%s on %s needs a rollback" }, { "terminate", "kubernetes", NULL, "deployment %s in %s: delete it" },
	{ "scale", "kubernetes", NULL, "%s to 3 replicas, %s" }, { "scale", "kubernetes", NULL, "3 replicas for %s in %s" },
	{ "restart", "kubernetes", NULL, "deployment %s (%s) restart pls" }, { "restart", "kubernetes", NULL, "%s auf %s bitte einmal neu starten" },
	{ "restart", "kubernetes", NULL, "Neustart von %s in %s bitte" }, { "stop", "kubernetes", NULL, "%s in %s runterfahren" },
	{ "stop", "kubernetes", NULL, "deployment %s auf %s stoppen" }, { "terminate", "kubernetes", NULL, "deployment %s in %s löschen" },
	{ "rollback", "kubernetes", NULL, "%s in %s auf die vorige Version zurücksetzen" }, { "scale", "kubernetes", NULL, "%s in %s auf 3 Replicas bringen" },
	{ "restart", "kubernetes", NULL, "redémarrage de %s en %s svp" }, { "rollback", "kubernetes", NULL, "retour arrière de %s en %s" },
	{ "terminate", "kubernetes", NULL, "suppression du deployment %s en %s" }, { "restart", "kubernetes", NULL, "reinicio de %s en %s por favor" },
	{ "terminate", "kubernetes", NULL, "eliminación del deployment %s en %s" }, { "restart", "kubernetes", NULL, "reinício do %s em %s, por favor" },
	{ "terminate", "kubernetes", NULL, "remoção do deployment %s em %s" }, { "drain", "kubernetes", NULL, "node %s-1 in %s drainieren" },
	{ "cordon", "kubernetes", NULL, "node %s-1 in %s cordonen" }, { "restart", "kubernetes", NULL, "%s(%s)の再起動お願いします" },
	{ "restart", "kubernetes", NULL, "pls a restart for %s in %s" },
	{ "restart", "kubernetes", NULL, "for %s on %s: rolling restart" },
	{ "restart", "kubernetes", NULL, "%s (%s): bounce it" },
	{ "stop", "kubernetes", NULL, "%s, %s, off with it for now" },
	{ "rollback", "kubernetes", NULL, "previous version of %s back on %s" },
	{ "scale", "kubernetes", NULL, "%s %s 3 replicas" },
	{ "scale", "kubernetes", NULL, "replicas of %s on %s to 3" },
	{ "scale", "kubernetes", NULL, "3 pods for %s (%s)" },
	{ "terminate", "kubernetes", NULL, "deletion of namespace %s on %s please" },
	{ "terminate", "kubernetes", NULL, "namespace %s, %s: gone please" },
	{ "investigate", "kubernetes", NULL, "%s in %s: root cause of the crashes?" },
	{ "investigate", "kubernetes", NULL, "%s %s 500s why" },
	{ "status", "kubernetes", NULL, "%s in %s: up?" },
	{ "status", "kubernetes", NULL, "health of %s, %s" },
	{ "restart", "kubernetes", NULL, "bitte %s auf %s, Neustart" },
	{ "stop", "kubernetes", NULL, "%s auf %s abschalten bitte" },
	{ "start", "kubernetes", NULL, "%s in %s wieder hochfahren" },
	{ "terminate", "kubernetes", NULL, "Löschung des deployments %s in %s" },
	{ "scale", "kubernetes", NULL, "%s: in %s 3 Replikate" },
	{ "rollback", "kubernetes", NULL, "Rollback von %s auf %s bitte" },
	{ "drain", "kubernetes", NULL, "drainage du nœud %s-1 en %s" },
	{ "restart", "kubernetes", NULL, "%s en %s : redémarrage" },
	{ "stop", "kubernetes", NULL, "arrêt de %s en %s svp" },
	{ "stop", "kubernetes", NULL, "parada de %s en %s" },
	{ "rollback", "kubernetes", NULL, "rollback de %s en %s" },
	{ "rollback", "kubernetes", NULL, "rollback do %s em %s" },
	{ "stop", "kubernetes", NULL, "parada do %s em %s" },
	{ "scale", "kubernetes", NULL, "%s em %s: 3 réplicas" },
	{ "scale", "kubernetes", NULL, "%s en %s a 3 réplicas" },
	{ "restart", "kubernetes", NULL, "%s、%s、再起動" },
	{ "stop", "kubernetes", NULL, "%s(%s)停止でお願い" },
	{ "cordon", "kubernetes", NULL, "cordon for node %s-1 in %s please" },
	{ "drain", "kubernetes", NULL, "drain of node %s-1 on %s" },
};
static const char *const targets[] = { "checkout", "ledger-api", "parcel", "courier", "basket-web", "orders" };

static const char *const subjects[] = { "pandas", "the choir", "my neighbour", "bears", "children", "the moon", "a river", "our cat", "the dentist", "teachers",
	"the bus driver", "plants", "the sun", "grandma", "the queen", "birds" };
static const char *const questions[] = { "do %s hibernate", "does %s hibernate?", "why did %s stop", "when does %s start?", "did %s move to spain?", "can %s scale a wall",
	"does %s ever sleep", "will %s return to the village?", "how do %s restart after winter", "should %s drain the pasta?", "why does %s kill flies",
	"where did %s migrate to?", "does %s drop the ball", "is %s running a marathon",
	"is %s a good cook?", "who killed %s", "when did %s die", "what is %s", "how big is %s", "why is %s red", "can %s be trusted", "is %s up for a walk", "where does %s live", "does %s need a rest", "why do %s crash into windows", "wann schläft %s", "warum stirbt %s", "wie alt ist %s", "pourquoi %s dort", "où habite %s", "¿por qué %s duerme tanto?", "¿cuándo nació %s?", "por que %s dorme tanto?", "onde mora %s?" };
static const char *const tales[] = { "%s went to the wrong scale", "%s hibernates in winter", "%s stopped at the red light", "%s started to sing", "%s moved to lisbon",
	"%s ran away", "%s dropped the ball", "%s killed the mood", "%s rolled down the hill", "%s drained the swimming pool", "%s climbed up to the roof",
	"%s wiped the table", "%s failed the exam", "%s restarted the race", "%s crashed the party", "%s was out of memory lane",
	"%s is down with the flu", "%s burned the cake", "%s is slow to anger", "%s broke the window", "%s lost the keys", "%s ate all the memory cards", "%s restarted the argument", "stop teasing %s", "start painting %s", "delete %s from my address book", "scale %s like a fish", "%s is full of joy", "%s leaked the secret recipe", "%s hangs on the wall", "%s kills time at the beach", "%s moved house", "roll %s in flour", "%s starb gestern", "%s est parti en vacances", "%s se murió de risa", "%s caiu da escada" };

/* The pattern with its first %s as one, its second as two. */
static void fill(char *out, size_t size, const char *pattern, const char *one, const char *two)
{
	const char *at = strstr(pattern, "%s"), *next = at ? strstr(at + 2, "%s") : NULL;

	if (!at)
		snprintf(out, size, "%s", pattern);
	else if (!next)
		snprintf(out, size, "%.*s%s%s", (int)(at - pattern), pattern, one, at + 2);
	else
		snprintf(out, size, "%.*s%s%.*s%s%s", (int)(at - pattern), pattern, one, (int)(next - at - 2), at + 2, two, next + 2);
}

static void try_named(struct variants_run *run)
{
	char text[TEXT];

	for (size_t p = 0; p < COUNT(named); p++)
		for (size_t w = 0; w < COUNT(words); w++) {
			struct variant_gold gold = { named[p].type, named[p].resource, named[p].scope };

			fill(text, sizeof(text), named[p].text, words[w], "");
			variants_try(run, VARIANT_NAME, &gold, text);
		}
}

static void try_framed(struct variants_run *run, const char *type, size_t target, const char *frame, const char *act, const char *what)
{
	struct variant_gold gold = { type, "kubernetes", scopes[target] };
	char inner[TEXT], text[2 * TEXT];

	fill(inner, sizeof(inner), act, what, "");
	fill(text, sizeof(text), frame, inner, "");
	variants_try(run, VARIANT_FRAME, &gold, text);
}

static void try_frames(struct variants_run *run)
{
	for (const struct tongue *tongue = tongues; tongue < tongues + COUNT(tongues); tongue++)
		for (size_t a = 0; a < tongue->act_count; a++)
			for (size_t t = 0; t < COUNT(scopes); t++) {
				const struct act *act = &tongue->acts[a];

				for (size_t f = 0; f < tongue->frame_count; f++)
					try_framed(run, act->type, t, tongue->frames[f], act->infinitive, tongue->targets[t]);
				for (size_t f = 0; f < tongue->gerund_count; f++)
					try_framed(run, act->type, t, tongue->gerunds[f], act->gerund, tongue->targets[t]);
			}
}

static void try_inquiries(struct variants_run *run)
{
	char text[TEXT];

	for (const struct inquiry *in = inquiries; in < inquiries + COUNT(inquiries); in++)
		for (size_t w = 0; w < in->why_count; w++)
			for (size_t a = 0; a < in->ask_count; a++) {
				const struct asked *why = &in->whys[w];
				struct variant_gold gold = { why->type, why->resource, why->scope ? why->scope : "" };

				fill(text, sizeof(text), in->asks[a], why->text, "");
				variants_try(run, VARIANT_INQUIRY, &gold, text);
			}
}

static void try_passives(struct variants_run *run)
{
	char text[TEXT];

	for (const struct passive *p = passives; p < passives + COUNT(passives); p++)
		for (size_t d = 0; d < p->done_count; d++)
			for (size_t f = 0; f < p->frame_count; f++)
				for (size_t t = 0; t < COUNT(scopes); t++) {
					struct variant_gold gold = { p->done[d].type, "kubernetes", scopes[t] };

					fill(text, sizeof(text), p->frames[f], p->targets[t], p->done[d].text);
					variants_try(run, VARIANT_PASSIVE, &gold, text);
				}
}

static void try_terse(struct variants_run *run)
{
	static const char *const shapes[] = { "%s %s %s", "%s, %s, %s", "%s %s: %s" };
	static const unsigned char orders_of[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	char half[TEXT], text[TEXT];

	for (size_t t = 0; t < COUNT(terse); t++)
		for (size_t n = 0; n < COUNT(targets); n++)
			for (size_t o = 0; o < COUNT(orders_of); o++)
				for (size_t s = 0; s < COUNT(shapes); s++) {
					const char *scope = scopes[(n + o) % COUNT(scopes)], *parts[3] = { targets[n], scope, terse[t].text };
					struct variant_gold gold = { terse[t].type, terse[t].resource, scope };

					if (s && strpbrk(terse[t].text, ",?"))
						continue;
					fill(half, sizeof(half), shapes[s], parts[orders_of[o][0]], parts[orders_of[o][1]]);
					fill(text, sizeof(text), half, parts[orders_of[o][2]], "");
					variants_try(run, VARIANT_TERSE, &gold, text);
				}
}

static void try_orders(struct variants_run *run)
{
	char text[TEXT];

	for (size_t o = 0; o < COUNT(orders); o++)
		for (size_t t = 0; t < COUNT(targets); t++)
			for (size_t s = 0; s < COUNT(scopes); s++) {
				struct variant_gold gold = { orders[o].type, orders[o].resource, scopes[s] };

				fill(text, sizeof(text), orders[o].text, targets[t], scopes[s]);
				variants_try(run, VARIANT_ORDER, &gold, text);
			}
}

static void try_world(struct variants_run *run, const char *const *patterns, size_t count)
{
	char text[TEXT];

	for (size_t p = 0; p < count; p++)
		for (size_t s = 0; s < COUNT(subjects); s++) {
			fill(text, sizeof(text), patterns[p], subjects[s], "");
			variants_try(run, VARIANT_WORLD, NULL, text);
		}
}

void variants_of_tables(struct variants_run *run)
{
	try_named(run);
	try_frames(run);
	try_inquiries(run);
	try_terse(run);
	try_passives(run);
	try_orders(run);
	try_world(run, questions, COUNT(questions));
	try_world(run, tales, COUNT(tales));
}
