/* client/cli/help_texts.c - what `qip CMD --help` says of each command. A paragraph is one line and wrapped when
 * printed; lines that begin with a space are examples and stand as they are. */
#include "client/cli/help.h"

/* clang-format off: a line of text is a line here */
const char help_join[] =
	"CODE is what \"qip invite\" printed, or \"qip-server practice add\" for a practice's first manager. "
	"Case and dashes do not matter. After an interruption the same command with the same code goes on, and what was copied "
	"of the practice's log before is not copied again.\n\n"
	"  qip join https://qip.example.org:8443 ABCDE-FGHJK-… --home ~/qip\n\n"
	"Where every manager's device is lost, the root key's paper from the safe makes a new one. The key is typed, or read from a file, and never "
	"stands on the command line. The practice's server is told by its authority: its host reads the fingerprint of DIR/ca.crt out (openssl x509 -in "
	"DIR/ca.crt -noout -fingerprint -sha256); the folder of a kiosk or of any other device of the practice has the same file. Audits name a device that came "
	"in so. Then revoke what was lost, and open the comments with the recovery paper.\n\n"
	"  qip join https://qip.example.org:8443 --root-key --practice C82999 --device manager-2 \\\n"
	"      --ca 3A:5F:… --home ~/qip\n";

const char help_status[] = "Works offline. When a kiosk was heard of and its answers came goes by the server's clock, as the log has it; a kiosk "
			   "says about once a week how it is, so one that is silent for longer needs somebody to look.\n\n"
			   "  qip status\n";

const char help_sync[] = "Everything else works without the server; what was entered waits here until the next sync. "
			 "Run it as often as you like: nothing is sent twice, and when much is new, a lost link costs "
			 "only the last few megabytes.\n\n"
			 "  qip sync\n";

const char help_action_list[] =
	"\"!\" marks a field that two places set differently; the more severe or later value shows.\n\n"
	"  qip action list --status red --site kibworth\n"
	"  qip action list --as-of 2022-06-30\n";

const char help_action_show[] = "REF is a label (QIP-07) or at least 8 characters of an id.\n\n"
				"  qip show QIP-07\n"
				"  qip show QIP-07 --as-of 2022-06-30 --received-by 2022-07-31\n";

const char help_action_add[] =
	"A new action point is red and at its initial risk unless said otherwise.\n\n"
	"  qip action add --ref QIP-24 --finding \"Fridge log had gaps\" --action \"Check each day\" \\\n"
	"      --sites \"Kibworth;Fleckney\" --risk-initial 3x4 --due-date 2022-09-30\n";

const char help_action_set[] =
	"FIELD is one of: ref status finding action success_measure public_summary key_question regulations sites "
	"owner_role source driver start_date due_date risk_initial risk_current risk_target. "
	"Nothing behind '=' clears the field. "
	"sites and regulations are lists with ';' between; += adds to them and -= takes away.\n\n"
	"  qip action set QIP-07 status=amber risk_current=2x4\n"
	"  qip action set QIP-07 status=green --effective 2023-04-28\n"
	"  qip action set QIP-07 sites+=kibworth regulations-=17\n";

const char help_action_note[] = "No names of patients, please: a note stays in the history for ever.\n\n"
				"  qip action note QIP-07 \"Second meeting held, minutes on the shared drive\"\n";

const char help_action_evidence[] =
	"A file is a PDF or a picture (JPEG, PNG) of at most 16 MiB. It is sealed and kept beside the history, so that it can be erased; its name is not kept. What a "
	"camera notes in pictures (place, time, device, which side is up) is left out; what a PDF says of its author stays.\n\n"
	"  qip action evidence QIP-07 \"Minutes of three meetings\" --link https://intranet.example.org/m\n"
	"  qip action evidence QIP-07 \"The new rota\" --file rota.pdf\n";

const char help_action_review[] = "  qip action review QIP-07 embedded --text \"Still in place after six months\"\n";

const char help_import[] =
	"The first row names the columns: ref, source, key_question, regulation, finding, action, success_measure, "
	"owner_role, sites, initial_likelihood, initial_consequence, start_date, due_date, driver. Others are not "
	"read. "
	"All rows go in as one edit, or none; rows that are there already are passed over.\n\n"
	"  qip import plan.csv --effective 2022-06-06\n";

const char help_summary[] =
	"--as-of goes by the day that edits speak of, --received-by by the day the server had them.\n\n"
	"  qip report summary\n"
	"  qip report summary --as-of 2023-04-30\n"
	"  qip report summary --as-of 2022-06-30 --received-by 2022-07-31\n";

const char help_conflicts[] =
	"Who set what, where and for which day, when the server had it, what shows meanwhile and why, and the commands that settle it. Nothing is lost "
	"in a conflict: every value stays until somebody chooses. Long texts are cut where they differ; with REF they stand whole.\n\n"
	"  qip conflicts\n"
	"  qip conflicts QIP-07\n";

const char help_resolve[] =
	"Choosing is an edit like any other, made with all the values in view; sync to let the others know. REF is as \"qip conflicts\" writes it: a label, "
	"an id, a site, \"practice\", or a record's path.\n\n"
	"  qip resolve QIP-07 status --value amber\n"
	"  qip resolve QIP-07 status --claim 2\n"
	"  qip resolve QIP-07 status --site fleckney\n"
	"  qip resolve --all-of fleckney\n";

const char help_log[] =
	"Without REF all edits, the newest first. With REF the story of one record, the oldest first: what each edit changed, whether it was dated "
	"back, where conflicts began and whose value settled them. REF is a label, an id, a site, \"practice\", or a record's path.\n\n"
	"  qip log\n"
	"  qip log QIP-07\n"
	"  qip log opel/2022-W19\n";

const char help_refused[] =
	"What was refused stays in this home under refs/refused/. \"retry\" makes its changes again on the plan as it is now, as a new edit that "
	"replaces only what the refused one replaced; what this device has set anew since is left alone. \"drop\" says that nobody "
	"wants it: what it would have changed stays in words in refused/N.json, and what the server has accepted is not touched. What is settled is "
	"forgotten after 35 days.\n\n"
	"  qip refused list\n"
	"  qip refused retry 1\n"
	"  qip refused drop 2 --reason \"Entered twice\"\n";

const char help_adopt[] =
	"For managers. What a revoked device still sends never enters the plan; the server keeps it aside for 35 days. \"show\" says what taking it over "
	"would change of the plan as it is now, and what cannot be taken over. \"take\" makes its edits again, as edits of this device, each naming the one "
	"it was made of; fields that this device has set anew since are left alone. Answers of patients cannot be taken over: they count only under their "
	"kiosk's own number and signature. \"drop\" has the server delete it. Both want that it was shown here before, and that it still is the same.\n\n"
	"  qip adopt list\n"
	"  qip adopt show 1\n"
	"  qip adopt take 1\n"
	"  qip adopt drop 1\n";

const char help_inspection_add[] = "  qip inspection add --inspected-on 2022-04-28 --published-on 2022-05-30 \\\n"
				   "      --overall requires-improvement --rating safe=requires-improvement \\\n"
				   "      --rating caring=good,carried-forward --breach 12 --breach 17\n";

const char help_inspection_show[] = "  qip inspection show\n";

const char help_feedback_stats[] =
	"Every survey and every version of it is counted by itself. Of the Friends and Family Test positive is (very good + good) of all answers, negative (poor + very poor); \"neither\" and \"don't know\" "
	"stay in "
	"the whole. Every device numbers its answers without gaps, so a missing one shows.\n\n"
	"  qip feedback stats --site kibworth\n";

const char help_feedback_list[] =
	"With an unsure clock an answer counts by the latest time that it can have been given. Flags are for a second look, "
	"and a flagged answer counts like any other: clock-unsure (nobody knows in which month it was given), out-of-hours "
	"(while the site was closed), rapid-repeat (the fourth or later within two minutes, or two to one survey within "
	"8 seconds).\n\n"
	"  qip feedback list --since 2023-04-01 --site kibworth\n";

const char help_comments_list[] =
	"Escalations that nobody has met come first, by deadline, those overdue marked; then the newest comments. What may tell who somebody is (numbers, "
	"addresses, postcodes, dates; it knows no names) is shown in inverse video, or in [[ ]] where the output is no terminal. A comment that cannot be shown "
	"says why: \"not here yet\" (its kiosk or this device has to sync), \"erased\", \"no key\" (this device was not given the key), \"damaged\".\n\n"
	"  qip comments list --waiting\n"
	"  qip comments list --site kibworth --since 2023-04-01 --status new\n";

const char help_erasure[] =
	"ID is an erasure's or an answer's, or how it begins. The server erases as soon as its log has the record; members of staff's devices, and the kiosk "
	"on which it was written, with their next syncs, and each then says so. A device that joined later never had it, and is not asked. Who has not said so "
	"may still hold a copy: have it sync, or revoke it.\n\n"
	"  qip erasure list\n"
	"  qip erasure 019abcde-f012\n";

const char help_comments_show[] = "  qip comments show 019abcde-f012\n";

const char help_comments_triage[] =
	"A concern (safeguarding, safety) is escalated to a role with a deadline: \"safeguarding lead\", today when it is urgent and in 2 days when it is not, unless "
	"--escalate and --due say otherwise. It heads \"qip comments list\" and stands in \"qip status\" until --escalation-met. Roles and flags stay in the history "
	"for ever: no names, please.\n\n"
	"  qip comments triage 019abcde-f012 --status read\n"
	"  qip comments triage 019abcde-f012 --concern urgent\n"
	"  qip comments triage 019abcde-f012 --concern concern --escalate \"medicines lead\" --due 2023-05-02\n"
	"  qip comments triage 019abcde-f012 --escalation-met --status acted --action QIP-07\n";

const char help_comments_release[] =
	"Without --yes the text is only shown. It is the comment, with what looks like personal data replaced by […], or another text from --text, as a file or "
	"through a pipe: no editor is called, which would leave it on the disk. Text that still holds such data is refused unless --even-so. Names are not found: "
	"read it through. What a patient chose not to publish cannot be released. The text is sealed, and kept outside the history, so that it can be erased.\n\n"
	"  qip comments release 019abcde-f012\n"
	"  qip comments release 019abcde-f012 --yes\n"
	"  qip comments release 019abcde-f012 --text - --redact --yes <text\n";

const char help_comments_withdraw[] = "  qip comments withdraw 019abcde-f012\n";

const char help_comments_erase[] =
	"On a manager's device. The comment's sealed bytes, and those of all that was released of it, are deleted here at once, and at the server, on other staff's "
	"devices and on the kiosk with their next syncs. The answer itself and what was made of it stay, and so does the reason: no personal data in it, please.\n\n"
	"  qip comments erase 019abcde-f012 --reason \"the patient asked for it\"\n";

const char help_survey_list[] =
	"A language counts when every wording of the survey is there in it; \"(draft)\" when some wording is a draft, which kiosks show only where the "
	"practice turned drafts on.\n\n"
	"  qip survey list\n";

const char help_survey_show[] =
	"Wordings are shown in English unless another language is named; \"(draft)\" marks those that nobody has reviewed. With --json it is the record itself, "
	"to be changed and put again.\n\n"
	"  qip survey show fft\n"
	"  qip survey show fft --language gu\n"
	"  qip survey show lift --json > lift.json\n"
	"  qip survey show fft --shipped --json > fft.json\n";

const char help_survey_check[] =
	"Works without a home; with one, the sites that the survey names are looked up, too. What is wrong is named by its JSON pointer. Kinds of questions "
	"are choice, rating (1 to 5), yes-no and text; \"asked_if\" names an earlier question and the answers after which this one is asked. Leave \"sites\", "
	"\"starts\" and \"ends\" out to ask everywhere and at all times. The schema is core/schemas/survey-1.json.\n\n"
	"  qip survey check lift.json\n";

const char help_survey_put[] =
	"For managers. The version rises by itself, and what a version says is never changed: an answer names the version that it was given to, and one that "
	"was begun under an older version is still good. A file made from a version that has been replaced since is refused. Kiosks have it with their "
	"next sync after yours.\n\n"
	"  qip survey put lift.json\n";

const char help_survey_end[] =
	"For managers. DAY is the last day on which it is asked, today when it is left out; to have it gone at once name yesterday. Answers that were given "
	"stay as they are.\n\n"
	"  qip survey end lift\n"
	"  qip survey end lift 2026-12-31\n";

const char help_practice_show[] = "  qip practice show\n";

const char help_practice_set[] =
	"For managers. Comments are erased so many months after the server had them, 12 unless it is set: the sync of a manager's device does so once a day, "
	"everywhere and for good, with all that was released of them. The answers and what was made of them stay. Evidence and names are not touched.\n\n"
	"  qip practice set --retention-months 24\n";

const char help_site_add[] = "For managers.\n\n"
			     "  qip site add great-glen --name \"Great Glen\" --local-authority E10000018\n";

const char help_site_list[] = "  qip site list\n";

const char help_site_kiosk[] =
	"Without options it shows the settings. For managers to change: each option sets one of them and leaves the others, and each can be set at another place "
	"at the same time. Answers given outside the hours are flagged, never dropped. The PIN opens the staff page of the site's kiosks; it is asked for, or "
	"read from the standard input, and kept as a salted hash.\n\n"
	"  qip site kiosk kibworth --languages en,gu,pl --drafts on\n"
	"  qip site kiosk kibworth --hours mon-fri=08:00-18:30 --hours sat=09:00-12:00\n"
	"  qip site kiosk kibworth --read-aloud off --pin\n";

const char help_evidence_get[] =
	"Writes the file where --output says, readable by you alone. \"qip show REF\" names the entries that have one.\n\n"
	"  qip evidence get QIP-07 0190c8a2-7f1e --output rota.pdf\n";

const char help_evidence_erase[] =
	"For managers. The sealed file is gone from this device at once, from the server and all others with their next syncs; the entry stays.\n\n"
	"  qip evidence erase QIP-07 0190c8a2-7f1e --reason \"Names a patient\"\n";

const char help_people_erase[] =
	"For managers. The sealed name is gone from this device at once, from the server and all others with their next syncs; the id and the job stay.\n\n"
	"  qip people erase 0190c8a2-7f1e --reason \"Asked for it after leaving\"\n";

const char help_people_add[] =
	"For managers. The history knows a member of staff by an id and a job alone, for ever; the name is sealed beside it, so that only the practice's devices can "
	"read it, and so that it can be erased. Write no name into the job. For the name - the standard input is read, so that no shell keeps it.\n\n"
	"  qip people add \"Amina Khan\" --job \"practice nurse\"\n";

const char help_people_list[] =
	"Names are shown where this device can open them; else it is said why not.\n\n"
	"  qip people list\n";

const char help_people_left[] =
	"For managers. DAY is the last day, today when it is left out; no edit is taken in that person's name from then on. The name stays, sealed.\n\n"
	"  qip people left 0190c8a2-7f1e\n"
	"  qip people left 0190c8a2-7f1e 2026-12-31\n";

const char help_people_me[] =
	"What is changed on this device from then on carries the person's id, beside the device's name and role; without ID it says whose it is. Where several work on "
	"one device, let each set QIP_PERSON, or give --person with the command; an empty one says that nobody is named.\n\n"
	"  qip people me 0190c8a2-7f1e\n"
	"  qip people me --none\n"
	"  qip action set QIP-07 status=amber --person 0190c8a2-7f1e\n";

const char help_keys_list[] =
	"What patients write is sealed to the newest generation of the practice's comment key, and so are names and evidence. Each generation stays: it opens what was "
	"sealed while it was in use. "
	"A device that joins later is handed all of them by the next sync of a manager's device.\n\n"
	"  qip keys list\n";

const char help_keys_grant[] =
	"For managers. The sync of a manager's device does it by itself for devices that joined; by hand it is for one that was shut out with \"qip keys revoke\", and "
	"shall read again.\n\n"
	"  qip keys grant fleckney-desk\n";

const char help_keys_revoke[] =
	"For managers. For a device that goes on with all else: it reads nothing that is sealed from now on, and is handed nothing by itself. What it could read before it "
	"may have kept. A lost or stolen device, or one whose user left with it: qip revoke, which makes a new generation, too.\n\n"
	"  qip keys revoke reception-2\n";

const char help_keys_rotate[] =
	"For managers. Kiosks seal to the new generation from their next sync on. With --new-paper, where the recovery key's paper was lost or may have been seen: it opens what "
	"comes from then on, the old paper what was there.\n\n"
	"  qip keys rotate\n"
	"  qip keys rotate --new-paper\n";

const char help_keys_recover[] =
	"For a manager's device, also one that joined by the root key's paper after all others were lost. The recovery key is asked for and not shown; neither it nor the "
	"keys that it opens go to the server. Where this device opens all of them already, it says whether the paper is still good.\n\n"
	"  qip keys recover\n";

const char help_server_key_list[] = "The key in use is the one that signed the last merge that this device knows of. A manager's device asks the server which key waits, too.\n\n"
				   "  qip server-key list\n";

const char help_server_key_endorse[] =
	"For managers, with the root key's paper. The server's host has made its next key (qip-server server-key --new) and reads its fingerprint to you, by telephone: what "
	"you type is compared with what the server shows. With the practice's next sync the server goes over to it by itself; devices and kiosks need nothing. With --lost, "
	"where the server has lost the key it signed with, the paper and the telephone are all that vouches for the next.\n\n"
	"  qip server-key endorse SHA256:Qk1pJ8bTtq6sVZcVnq7mYk5q9b0yWl7oC3w1n4HcG0o\n";

const char help_server_key_retire[] =
	"For managers, with the root key's paper: where a key that the server signed with before was stolen, or a copy of it may be somewhere. What it signed stays good. A merge "
	"that it signs afterwards is refused by every device, and named by the audit. A retired key never comes back.\n\n"
	"  qip server-key retire SHA256:Qk1pJ8bTtq6sVZcVnq7mYk5q9b0yWl7oC3w1n4HcG0o\n";

const char help_keys_protect[] =
	"Whoever takes this computer then finds no text, no name and no evidence on it that opens, unless the passphrase is weak: take three words that do not belong "
	"together. Syncing goes on without it; commands that show sealed texts ask for it. Run it again to change the passphrase.\n\n"
	"  qip keys protect\n";

const char help_keys_unprotect[] = "  qip keys unprotect\n";

const char help_devices[] = "  qip devices\n";

const char help_invite[] = "For managers. The code is good for one device; hand it over in person or by telephone.\n\n"
			   "  qip invite fleckney-desk --role staff --site fleckney\n"
			   "  qip invite kib-kiosk --role kiosk --site kibworth\n";

const char help_retire[] = "For managers.\n\n"
			   "  qip retire kib-kiosk --reason \"Replaced\"\n";

const char help_revoke[] = "For managers. What the device still sends is not accepted; the server keeps it aside, see: qip adopt.\n\n"
			   "  qip revoke kib-kiosk --reason \"Stolen\"\n";

const char help_checkpoint[] =
	"A server might show one history to you and another to the ICB. Each device of staff, ICB and auditors says in the history how far it "
	"followed the log, once a day, and each sync compares what all said. To be sure without the server, compare with another device by "
	"mail or phone: two homes that followed the log to the same merge must name the same commit for it. "
	"If they differ, keep both copies and call the ICB.\n\n"
	"  qip checkpoint\n"
	"  qip checkpoint --signed > checkpoint.txt\n"
	"  qip checkpoint --check checkpoint-of-the-icb.txt\n"
	"  qip checkpoint --check \"120 4f3a 9c01 22bb 01d4 5c6e 7f80 91a2 b3c4 d5e6 f708\"\n"
	"  qip checkpoint --settle 1 --reason \"The host had started an old copy of the server by mistake\"\n";

const char help_audit[] =
	"Trusts nothing but the practice's root key and what this device itself audited before: every signature, right, schema, number and "
	"merge since then is checked again, or with --all of the whole log. "
	"Each finding is a line \"commit path device: what is wrong\".\n\n"
	"A certificate says what was audited and found, for others to check: with --check-certificate here, or with ssh-keygen alone as the manual page "
	"shows.\n\n"
	"Exit status: 0 passed, 1 there are findings, 2 called wrongly, 3 it could not be done, 4 what was signed before does not hold: what an audit would "
	"begin from, or the certificate.\n\n"
	"  qip audit\n"
	"  qip audit --all --certificate audit-2026.json\n"
	"  qip audit --check-certificate audit-2026.json\n"
	"  qip audit --repo history.git --ods C82999 --root SHA256:…\n";

const char help_signers[] = "  qip allowed-signers > allowed_signers\n"
			    "  git -c gpg.ssh.allowedSignersFile=$PWD/allowed_signers log --show-signature\n";

const char help_version[] = "  qip version\n";

const char help_git_config[] = "Git's own variable GIT_SSL_CAINFO goes before what is written; unset it where it is set.\n\n"
			       "  qip git-config --write ~/.config/qip.gitconfig\n"
			       "  git config --global include.path ~/.config/qip.gitconfig\n"
			       "  git clone https://qip.example.org:8443/C82999/history.git\n";
