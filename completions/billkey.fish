# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_billkey_global_optspecs
    string join \n profile= config= database= sandbox format= json bom q/quiet no-input color= timeout= v/verbose h/help V/version
end

function __fish_billkey_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_billkey_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_billkey_using_subcommand
    set -l cmd (__fish_billkey_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c billkey -n "__fish_billkey_needs_command" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_needs_command" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_needs_command" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_needs_command" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_needs_command" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_needs_command" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_needs_command" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_needs_command" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_needs_command" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_needs_command" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_needs_command" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_needs_command" -s V -l version -d 'Print version'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "charge" -d 'Charge a customer\'s saved card, once'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "batch" -d 'Charge many customers from a file, each row once'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "refund" -d 'Pay money back, whole or in part, once'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "history" -d 'List payments, newest first'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "reconcile" -d 'Settle what is open, and hold ledger and gateway against each other'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "attention" -d 'Tell what a person must look at, each with the command that settles it'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "report" -d 'Add up what was charged, refunded and declined in a time'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "month" -d 'Tell what a month comes to, hand it over, close it'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "customer" -d 'Keep the customers whose cards can be charged'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "ledger" -d 'Look after the ledger'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "token" -d 'Get an access token, or see the one at hand'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "config" -d 'Set up billkey, and see what is set up'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "doctor" -d 'Check settings, files, ledger, gateway and clock'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "sandbox" -d 'Run the gateway that --sandbox uses, alone'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "man" -d 'Write the manual pages into a directory'
complete -c billkey -n "__fish_billkey_needs_command" -f -a "help" -d 'Explain a command or a topic'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l amount -d 'How much: 8900, 8,900 or 8900원' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l name -d 'For what: the product name, at most 40 characters' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l merchant-uid -d 'The order id: one payment, for ever; at most 40 characters' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l once-per -d 'Make the order id from account, customer, plan and period' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l plan -d 'What is paid for once per period, where a customer has more than one' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l currency -d 'The currency of all amounts' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l tax-free -d 'The part of the amount that is free of tax' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l vat -d 'The part of the amount that is value added tax' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l quota -d 'Months of instalments, 2 or more, from ₩50,000 on' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l buyer-name -d 'At most 16 characters; some PGs must have it' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l buyer-email -d 'At most 64 characters; some PGs must have it' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l buyer-tel -d 'At most 16 characters; some PGs must have it' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l custom-data -d 'A text that comes back with the payment' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l notice-url -d 'Where the gateway is to send its webhook for this payment' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l product-type -d 'What is sold; some PGs must know' -r -f -a "real\t''
digital\t''"
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l channel-key -d 'The channel to charge through, for a super billing key' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l bypass -d 'A JSON object for the PG, handed on as it is' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l note -d 'A remark for the ledger; the gateway does not see it' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand charge" -s y -l yes -d 'Charge without asking'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l dry-run -d 'Say what would be sent, and send nothing'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l retry -d 'Send a declined or rejected order once more; it is named by --merchant-uid or --once-per'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l allow-similar -d 'Charge although the customer paid the same amount a moment ago'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand charge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l input-format -d 'How FILE is written [default: by its name and its first bytes]' -r -f -a "csv\t'A header, then a row a line: cells between `,`, `;` or tabs'
jsonl\t'A JSON object a line'
json\t'A JSON array of objects'
xlsx\t'A workbook of Excel'"
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l sheet -d 'The sheet of a workbook that is meant, where more than one has data' -r
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l hidden -d 'What becomes of hidden and filtered rows and columns of a workbook [default: refuse it]' -r -f -a "skip\t'Leave it out'
take\t'Read it as all the rest'"
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l once-per -d 'Make the order ids from account, customer, plan and period' -r
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l plan -d 'What is paid for once per period, where a customer has more than one' -r
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l workers -d 'How many charges are at the gateway at the same time, 1 to 64' -r
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l rate -d 'At most so many charges in a time, evenly spread: 10/s, 300/m' -r
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l max-failures -d 'Begin no further row after so many failures in a row' -r
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l results -d 'Write a line for each row, in the file\'s order, to this file: CSV, or JSON lines by its name' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l retry-declined -d 'Send declined and rejected rows once more, under the same merchant_uid'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l allow-similar -d 'Charge although a customer pays the same amount twice, here or a moment ago'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -s y -l yes -d 'Charge without asking'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l dry-run -d 'Take every check, the gateway\'s word included, and send nothing'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand batch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l amount -d 'A part of it: 3000, 3,000 or 3000원' -r
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l tax-free -d 'The part of the refund that is free of tax; needed where the charge had one' -r
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l vat -d 'The part of the refund that is value added tax; needed where the charge had one' -r
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l reason -d 'Why, for the gateway, the PG and whoever reads it later; at most 255 characters' -r
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l expect-customer -d 'Send nothing unless the payment is this customer\'s' -r
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l full -d 'All that is left of it'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l notify-webhook -d 'Ask the gateway to tell the merchant\'s own server: refunds are silent otherwise'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -s y -l yes -d 'Refund without asking'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l dry-run -d 'Say what would be sent, and send nothing'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l again -d 'Refund although the same amount of the same payment went back a moment ago'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand refund" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l customer -d 'Payments of this customer alone' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l status -d 'Payments with one of these outcomes, or of the gateway\'s words' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l card -d 'Charged to a card that ends so' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l approval -d 'With this approval number, to the letter' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l mode -d 'Of this mode, by the gateway\'s word where it has one' -r -f -a "live\t''
test\t''
sandbox\t''"
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l operator -d 'Asked for by this operator, the last time' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l who -d 'Not paid, and these have to act: customer, merchant, pg or later (nobody)' -r -f -a "customer\t''
merchant\t''
pg\t''
later\t''"
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l on -d 'On this day or in this month' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l since -d 'From this time on' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l until -d 'Before this time; a day or month is included' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l by -d 'Which time counts, and sorts [default: requested]' -r -f -a "requested\t'when it was asked for'
paid\t'when it was paid'
cancelled\t'when the gateway refunded it, the last time'"
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l min-amount -d 'Of this amount or more' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l max-amount -d 'Of this amount or less' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l limit -d 'How many at most [default: 20]' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l columns -d 'These columns, in this order: names of the payment object, or headings of the table' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l refunded -d 'Refunded, in part or whole'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l doubles -d 'More than one payment took money under the order'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l all -d 'All of them'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l totals -d 'What they come to, instead of the payments: how many, net, and what was refunded in the time'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand history; and not __fish_seen_subcommand_from show" -a "show" -d 'Tell everything about one payment'
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l lang -d 'The language of that paragraph [default: en]' -r -f -a "ko\t'Korean'
en\t'English'"
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l copy-text -d 'A paragraph to paste into a reply to the customer, and nothing else'
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand history; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l since -d 'Hold ledger and gateway against each other, from this time on' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l until -d 'The same up to this time; a day or month is included' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l note -d 'Note by hand what became of the one payment ID, which the gateway will not show' -r -f -a "charged\t''
not-charged\t''
refunded\t''
not-refunded\t''
refunded-outside\t''
not-refunded-outside\t''"
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l amount -d 'With --note refunded-outside: how much, where it was not all that is left' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l evidence -d 'What shows it, such as the card company\'s statement; kept with the note' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l acknowledge -d 'Answer for what `billkey attention` tells: it is right as it is' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l unacknowledge -d 'Take that back' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l reason -d 'Why, for whoever reads it later' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l customer -d 'Those of one customer alone' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l all -d 'Also list what is no charge with a billing key, and drift that was acknowledged, instead of counting it'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l import -d 'Record payments that were made elsewhere'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l fix -d 'Take the gateway\'s word for status and refunds'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand reconcile" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l all -d 'Also what somebody has acknowledged, marked with who, when and why'
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand attention" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand attention" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand attention" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand attention" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand report" -l since -d 'From this time on' -r
complete -c billkey -n "__fish_billkey_using_subcommand report" -l until -d 'Before this time; a day or month is included' -r
complete -c billkey -n "__fish_billkey_using_subcommand report" -l by -d 'What a row is about [default: day]' -r -f -a "day\t''
month\t''
customer\t''
card\t''
product\t''
status\t''
reason\t''"
complete -c billkey -n "__fish_billkey_using_subcommand report" -l basis -d 'Which time of a payment counts [default: approval]' -r -f -a "approval\t'when it was paid'
request\t'when it was asked for'"
complete -c billkey -n "__fish_billkey_using_subcommand report" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand report" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand report" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand report" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand report" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand report" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand report" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand report" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand report" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand report" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand report" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand report" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand month" -l export -d 'Write its lines for another program' -r -f -a "csv\t'a line a sale and refund, with its parts'
xlsx\t'the same as a workbook'
portone\t'a workbook of order, amount and day, for the console\'s own-data reconciliation'
hledger\t'a journal for hledger'
ledger\t'a journal for ledger'
beancount\t'a journal for beancount'"
complete -c billkey -n "__fish_billkey_using_subcommand month" -l output -d 'Where to write them [default: stdout]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand month" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand month" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand month" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand month" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand month" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand month" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand month" -l close -d 'Keep its sums for good'
complete -c billkey -n "__fish_billkey_using_subcommand month" -l verify -d 'Add it up again and hold it against what was closed'
complete -c billkey -n "__fish_billkey_using_subcommand month" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand month" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand month" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand month" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand month" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand month" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand month" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -f -a "register" -d 'Register a customer\'s card in the browser'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -f -a "listen" -d 'Receive customer_uids from your own registration page'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -f -a "add" -d 'Save a customer_uid whose billing key exists'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -f -a "list" -d 'List the customers'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -f -a "show" -d 'Show one customer: card, totals and last payments'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -f -a "check" -d 'Ask the gateway whether billing keys still exist'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -f -a "import" -d 'Save many customers from a file'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and not __fish_seen_subcommand_from register listen add list show check import remove" -f -a "remove" -d 'Remove a customer and keep its history'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l name -d 'The customer\'s name; some PGs need it' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l email -d 'The customer\'s e-mail address; some PGs need it' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l tel -d 'The customer\'s telephone number; some PGs need it' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l merchant-uid -d 'The order id of the registration [default: a random one]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l amount -d 'The amount in won; 0 registers only, more is charged by some PGs' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l product -d 'What the window calls it' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l pay-method -d 'How it is paid: card, phone, tosspay, …' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l pg -d 'The PG, as PROVIDER or PROVIDER.MID, instead of the profile\'s' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l channel-key -d 'The key of the payment channel, instead of the profile\'s' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l port -d 'The port of the page on 127.0.0.1; 0 takes any that is free' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l wait -d 'How long to wait for the card: 90s, 10m, 1h' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l no-open -d 'Open no browser; the address is printed'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from register" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l bind -d 'Where to listen, such as 127.0.0.1:8700; port 0 takes any that is free' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l allow-origin -d 'A site whose pages may post here, such as https://shop.example.com; can be repeated' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l name -d 'The customer\'s name' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l email -d 'The customer\'s e-mail address' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l tel -d 'The customer\'s telephone number' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l note -d 'A remark of your own' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l no-verify -d 'Save it without asking the gateway; the card stays unknown'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l removed -d 'Those that were removed too'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l all -d 'Check every customer'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l input-format -d 'How FILE is written [default: by its name and its first bytes]' -r -f -a "csv\t'A header, then a row a line: cells between `,`, `;` or tabs'
jsonl\t'A JSON object a line'
json\t'A JSON array of objects'
xlsx\t'A workbook of Excel'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l sheet -d 'The sheet of a workbook that is meant, where more than one has data' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l hidden -d 'What becomes of hidden and filtered rows and columns of a workbook [default: refuse it]' -r -f -a "skip\t'Leave it out'
take\t'Read it as all the rest'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l no-verify -d 'Save them without asking the gateway; the cards stay unknown'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l recheck -d 'Also ask about those whose billing key the gateway has shown within 24 hours'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l delete-billing-key -d 'Have the gateway forget the card; this cannot be undone'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Remove without asking'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand customer; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -f -a "check" -d 'Read the whole ledger, and say whether it is what was written'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -f -a "backup" -d 'Make a copy of the ledger as it is now'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -f -a "restore" -d 'Put a backup in the ledger\'s place'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -f -a "compact" -d 'Write the ledger anew, without the room that nothing is in'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -f -a "stats" -d 'Count what is in the ledger'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and not __fish_seen_subcommand_from check backup restore compact stats accept" -f -a "accept" -d 'Answer for what billkey is in doubt about'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from compact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l reason -d 'Why; it is kept in the ledger' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l unasked -d 'Let this ledger send for 24 hours what it never sent, while the gateway answers no questions'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand ledger; and __fish_seen_subcommand_from accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand token" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand token" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand token" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand token" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand token" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand token" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand token" -l refresh -d 'Ask the gateway even if there is a token at hand'
complete -c billkey -n "__fish_billkey_using_subcommand token" -l show -d 'Print the token itself, and in a table nothing else'
complete -c billkey -n "__fish_billkey_using_subcommand token" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand token" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand token" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand token" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand token" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand token" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "init" -d 'Write a config file to begin with'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "show" -d 'Show the settings that count, and where each comes from'
complete -c billkey -n "__fish_billkey_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "path" -d 'Print where the config file is, or would be'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and not __fish_seen_subcommand_from serve" -f -a "serve" -d 'Serve an I\'mport-like gateway on this machine'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l port -d 'The port; 0 takes any that is free' -r
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand completions" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand completions" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand completions" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand man" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand man" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand man" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand man" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand man" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand man" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand man" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand man" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand man" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand man" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand man" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand man" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c billkey -n "__fish_billkey_using_subcommand help" -l profile -d 'Use this profile of the config file [env: BILLKEY_PROFILE]' -r
complete -c billkey -n "__fish_billkey_using_subcommand help" -l config -d 'Read this config file [env: BILLKEY_CONFIG]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand help" -l database -d 'Keep the ledger in this file [env: BILLKEY_DATABASE]' -r -F
complete -c billkey -n "__fish_billkey_using_subcommand help" -l format -d 'How to write the answer [default: table]' -r -f -a "table\t'for people'
plain\t'tab-separated, without decoration'
json\t'one object, or one array for lists'
jsonl\t'one object a line, as it happens'
csv\t'RFC 4180 with a header, safe for a spreadsheet'"
complete -c billkey -n "__fish_billkey_using_subcommand help" -l color -d 'When to use colour' -r -f -a "auto\t'on a terminal, unless NO_COLOR or TERM=dumb say otherwise'
always\t'off a terminal too'
never\t'not at all'"
complete -c billkey -n "__fish_billkey_using_subcommand help" -l timeout -d 'How many seconds a charge waits for its answer, 1 to 3600 [default: 60]' -r
complete -c billkey -n "__fish_billkey_using_subcommand help" -l sandbox -d 'Run against a gateway inside this program: no key, no network, no money'
complete -c billkey -n "__fish_billkey_using_subcommand help" -l json -d 'Short for --format json'
complete -c billkey -n "__fish_billkey_using_subcommand help" -l bom -d 'Begin CSV with a byte order mark, for Excel'
complete -c billkey -n "__fish_billkey_using_subcommand help" -s q -l quiet -d 'Say nothing on success'
complete -c billkey -n "__fish_billkey_using_subcommand help" -l no-input -d 'Ask nothing: what needs a yes is refused (exit 8)'
complete -c billkey -n "__fish_billkey_using_subcommand help" -s v -l verbose -d 'Show requests and answers on stderr, secrets masked'
complete -c billkey -n "__fish_billkey_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
