"""Ten kinds of news, as sentences with gaps.

Of each topic, `what`, `then` and `next` are the news; `scene` sets it, `more` is about
it and is no news; `summary` says the news again, in other words. A gap such as {thing}
or {n} is filled once a story, so that a fact is the same wherever it comes up. The last
wording of each list of two or more is kept for the test split.
"""

#: What may fill the gaps of a topic, beside those that all topics share.
FILLERS: dict[str, dict[str, list[str]]] = {
    "fire": {
        "thing": ["warehouse", "bakery", "furniture shop", "paint works", "boat shed"],
        "cause": ["a faulty heater", "a forgotten oven", "a loose cable"],
    },
    "election": {
        "thing": ["the Green List", "the Harbour Party", "the Free Voters"],
        "cause": ["cheaper buses", "a new school", "lower rents"],
    },
    "match": {
        "thing": ["the cup final", "the season's opener", "the regional derby"],
        "cause": ["a late penalty", "a long shot", "a header from a corner"],
    },
    "opening": {
        "thing": ["tram line", "footbridge", "library", "swimming pool"],
        "cause": ["flooded cellars", "missing steel", "a dispute over the land"],
    },
    "storm": {
        "thing": ["hailstorm", "snowstorm", "gale"],
        "cause": ["fallen trees", "broken cables", "a burst dam"],
    },
    "theft": {
        "thing": ["a silver clock", "two landscape paintings", "a jewelled sword"],
        "cause": ["a skylight", "the cellar door", "an unlocked window"],
    },
    "rescue": {
        "thing": ["hikers", "climbers", "kayakers"],
        "cause": ["thick fog", "a rockfall", "a sudden flood"],
    },
    "factory": {
        "thing": ["shoe factory", "sugar mill", "bicycle plant", "glassworks"],
        "cause": ["high energy prices", "falling orders", "cheap imports"],
    },
    "strike": {
        "thing": ["bus drivers", "nurses", "refuse collectors", "ferry crews"],
        "cause": ["night shifts", "unpaid overtime", "old vehicles"],
    },
    "find": {
        "thing": ["silver coins", "clay bowls", "iron axes", "glass beads"],
        "cause": ["a new car park", "a gas pipe", "a cycle path"],
    },
}

TOPICS: dict[str, dict[str, list[str]]] = {
    "fire": {
        "scene": [
            "Black smoke hung over the roofs of {place} long before breakfast.",
            "The smell reached the market square before the sirens did.",
            "At first the night porter took the glow for the sunrise.",
        ],
        "what": [
            "A fire destroyed a {thing} in {place} on {day} and drove {n} people"
            " from their homes.",
            "Flames gutted a {thing} in {place} on {day}, and {n} residents had to"
            " leave their beds.",
            "A {thing} in {place} burned to the ground on {day}, and {n} neighbours"
            " were led to safety.",
        ],
        "then": [
            "Investigators said that {cause} had started the blaze.",
            "The blaze began with {cause}, the fire chief said.",
        ],
        "next": [
            "The owner put the damage at {m} million crowns.",
            "According to the insurer, the loss comes to {m} million crowns.",
        ],
        "more": [
            "The building dates from {year} and used to be a stable.",
            "Crews from {other} arrived with a second ladder.",
            "A cat was carried out wrapped in a jacket.",
            "Children from the street watched from behind a tape.",
            "The fire brigade has its station two streets away.",
            "Its windows had been replaced only last summer.",
        ],
        "summary": [
            "{n} people had to leave their homes when a {thing} in {place} burned down."
            " The cause was {cause}, and the damage is {m} million crowns.",
            "Fire in {place}: a {thing} is lost and {n} people were moved out. {Cause}"
            " set it off; it cost {m} million crowns.",
        ],
    },
    "election": {
        "scene": [
            "The counting went on until the coffee in the town hall ran out.",
            "In {place} people queued in the rain with their umbrellas up.",
            "The band had packed its instruments away when the last box came in.",
        ],
        "what": [
            "Voters in {place} gave {thing} the town hall on {day}, with a lead of {n}"
            " votes.",
            "{Thing} won the council election in {place} on {day}, {n} votes ahead of"
            " the rest.",
            "With a margin of {n} votes, {thing} took over {place} on {day}.",
        ],
        "then": [
            "The winners had promised {cause} above all else.",
            "Their campaign had turned on {cause}.",
        ],
        "next": [
            "The new council will meet in {m} weeks.",
            "In {m} weeks the councillors are to take their seats.",
        ],
        "more": [
            "The last time the town changed hands was in {year}.",
            "Many shops stayed open late for the voters.",
            "A polling station in the old dairy closed for ten minutes.",
            "Supporters sang on the steps and drank warm cider.",
            "In {other} the count is still going on.",
            "Posters will be taken down by the end of the month.",
        ],
        "summary": [
            "{Thing} won the council election in {place} by {n} votes after promising"
            " {cause}. The council meets in {m} weeks.",
            "{place} will be run by {thing}, who were {n} votes ahead. They stand for"
            " {cause} and start in {m} weeks.",
        ],
    },
    "match": {
        "scene": [
            "For an hour the loudest thing in the ground was a dog.",
            "Fog had hidden one of the goals until shortly before the whistle.",
            "The grass in {place} had been cut twice that morning.",
        ],
        "what": [
            "{place} beat {other} by {m} goals to nil in {thing} on {day}.",
            "In {thing} on {day}, {place} won against {other} by {m} goals to nil.",
            "{other} lost {thing} to {place} on {day}, by {m} goals to nil.",
        ],
        "then": [
            "It was {cause} that opened the scoring.",
            "The first goal came from {cause}.",
        ],
        "next": [
            "A crowd of {n} hundred had come to see it.",
            "In the stands there were {n} hundred people.",
        ],
        "more": [
            "The two clubs have been rivals since {year}.",
            "The visitors had travelled by boat and by bus.",
            "A substitute lost a boot and played on without it.",
            "The referee stopped play once to remove a balloon.",
            "Sausages were sold out before the break.",
            "The coach wore the same green scarf as always.",
        ],
        "summary": [
            "{place} defeated {other} by {m} goals to nil in {thing}, thanks to"
            " {cause} early on. There were {n} hundred spectators.",
            "{m} goals to nil against {other}: {place} decided {thing} after {cause},"
            " before {n} hundred spectators.",
        ],
    },
    "opening": {
        "scene": [
            "The ribbon had to be cut twice because the scissors were blunt.",
            "A brass band from {other} played although its drummer was late.",
            "People in {place} had brought folding chairs and flasks of tea.",
        ],
        "what": [
            "The mayor opened a new {thing} in {place} on {day}, {n} months later"
            " than planned.",
            "After a delay of {n} months, {place} has had a new {thing} since {day}.",
            "On {day} a {thing} was handed over to the people of {place}, {n} months"
            " behind schedule.",
        ],
        "then": [
            "Work had been held up by {cause}.",
            "The delay was due to {cause}, the builders said.",
        ],
        "next": [
            "It cost {m} million crowns, twice as much as expected.",
            "The bill came to {m} million crowns, double the estimate.",
        ],
        "more": [
            "Plans for it were first drawn in {year}.",
            "A school choir sang two songs about the river.",
            "The architect is said to like concrete.",
            "Behind the site there is still a heap of gravel.",
            "A similar one stands in {other}.",
            "Local bakers handed out rolls in its shape.",
        ],
        "summary": [
            "{place} has opened its new {thing}, {n} months late because of {cause}."
            " The price was {m} million crowns.",
            "{n} months overdue, a {thing} now serves {place}. {Cause} slowed the"
            " builders, and {m} million crowns were spent.",
        ],
    },
    "storm": {
        "scene": [
            "Garden chairs flew past the church in {place} like birds.",
            "The weathercock was found next morning in a pond.",
            "All evening the sky over the bay had been yellow.",
        ],
        "what": [
            "A {thing} cut off power to {n} hundred homes in {place} on {day}.",
            "On {day}, {n} hundred households in {place} were left in the dark by a"
            " {thing}.",
            "The lights went out in {n} hundred homes in {place} when a {thing}"
            " passed over on {day}.",
        ],
        "then": [
            "Trains stood still because of {cause}.",
            "No train could run because {cause} blocked the line.",
        ],
        "next": [
            "Engineers expect repairs to take {m} days.",
            "It will be {m} days before all is mended, the power company said.",
        ],
        "more": [
            "The last one as strong was recorded in {year}.",
            "Schoolchildren were sent home with torches.",
            "In {other} only a few tiles were blown off.",
            "A farmer spent the night in his barn with forty sheep.",
            "Candles were handed out at the post office.",
            "The gauge on the pier had stopped working.",
        ],
        "summary": [
            "{n} hundred homes in {place} lost electricity in a {thing}, and {cause}"
            " stopped the trains. Repairs need {m} days.",
            "No power for {n} hundred homes: a {thing} hit {place}. There are no"
            " trains because of {cause}, and mending takes {m} days.",
        ],
    },
    "theft": {
        "scene": [
            "The cleaner was the first to notice the empty hook on the wall.",
            "No alarm rang in the museum of {place} that night.",
            "A single muddy footprint was left on the parquet.",
        ],
        "what": [
            "Thieves took {thing} from the museum in {place} on {day}, worth {n}"
            " thousand crowns.",
            "Burglars stole {thing} worth {n} thousand crowns from the museum in"
            " {place} on {day}.",
            "{Thing}, valued at {n} thousand crowns, disappeared from the museum in"
            " {place} on {day}.",
        ],
        "then": [
            "Detectives believe that they came in through {cause}.",
            "The way in was {cause}, the police found.",
        ],
        "next": [
            "The museum will stay shut for {m} weeks.",
            "For {m} weeks visitors will find the doors closed.",
        ],
        "more": [
            "The collection was given to the town in {year}.",
            "The guard had been reading a novel about the sea.",
            "Its best known room holds stuffed owls.",
            "A school class from {other} had visited the day before.",
            "Entry is free on the first Sunday of a month.",
            "The postcards in the shop were left alone.",
        ],
        "summary": [
            "{Thing} worth {n} thousand crowns is missing from the museum in {place}"
            " after a break-in through {cause}. It is closed for {m} weeks.",
            "A burglary in {place} cost the museum {thing}, worth {n} thousand"
            " crowns. {Cause} was the way in; it reopens in {m} weeks.",
        ],
    },
    "rescue": {
        "scene": [
            "The last thing their friends saw of them was a red cap.",
            "Soup was kept hot all night in the village hall of {place}.",
            "A whistle, very faint, was what the dog heard first.",
        ],
        "what": [
            "Rescuers brought {n} {thing} down to {place} alive on {day}.",
            "A rescue team found {n} missing {thing} near {place} on {day}, all of"
            " them alive.",
            "All {n} {thing} who had been missing near {place} were found alive on"
            " {day}.",
        ],
        "then": [
            "They had lost their way after {cause}.",
            "It was {cause} that had trapped them.",
        ],
        "next": [
            "The search had lasted {m} days.",
            "For {m} days helpers had looked for them.",
        ],
        "more": [
            "The mountain hut there was built in {year}.",
            "A helicopter from {other} had turned back at noon.",
            "Two of them asked for chocolate before anything else.",
            "The valley is popular with visitors in summer.",
            "Volunteers had come with lamps and old maps.",
            "The dog was given a whole sausage.",
        ],
        "summary": [
            "{n} missing {thing} are safe after {m} days of searching near {place}."
            " They had been caught out by {cause}.",
            "After {m} days {n} {thing} have been saved near {place}, where {cause}"
            " had surprised them.",
        ],
    },
    "factory": {
        "scene": [
            "The morning shift read it on a sheet of paper at the gate.",
            "Nobody in the canteen in {place} finished their soup.",
            "The hooter sounded at noon, as on any other day.",
        ],
        "what": [
            "The {thing} in {place} will close with the loss of {n} jobs, its"
            " managers said on {day}.",
            "Managers said on {day} that {n} people will lose their work when the"
            " {thing} in {place} shuts.",
            "{n} workers were told on {day} that the {thing} in {place} is to be"
            " shut down.",
        ],
        "then": [
            "They blamed {cause} for the decision.",
            "The reason given was {cause}.",
        ],
        "next": [
            "Production ends in {m} months.",
            "The last goods will leave the yard in {m} months.",
        ],
        "more": [
            "It was founded in {year} by two brothers.",
            "Its chimney can be seen from {other}.",
            "Many families have worked there for generations.",
            "A football team still carries its name.",
            "The canteen is known for its plum cake.",
            "Lorries came and went all day.",
        ],
        "summary": [
            "{n} jobs go as {place} loses its {thing} in {m} months. The company"
            " points to {cause}.",
            "In {m} months there will be no {thing} in {place} and {n} fewer jobs,"
            " because of {cause}.",
        ],
    },
    "strike": {
        "scene": [
            "Somebody had painted a smiling face on the largest banner.",
            "The depot in {place} was so quiet that one could hear sparrows.",
            "Tea was brewed over a fire in an oil drum.",
        ],
        "what": [
            "The {thing} of {place} stopped work on {day} and ask for {m} per cent"
            " more pay.",
            "In {place} {thing} walked out on {day} to demand {m} per cent higher"
            " wages.",
            "A demand for {m} per cent more pay led the {thing} of {place} to walk"
            " out on {day}.",
        ],
        "then": [
            "They also complain about {cause}.",
            "Another grievance is {cause}, the union said.",
        ],
        "next": [
            "The walkout is planned to last {n} days.",
            "Work is to begin again after {n} days.",
        ],
        "more": [
            "The union was founded in {year}.",
            "Their colleagues in {other} sent cakes.",
            "Passers-by hooted and waved.",
            "The town hall has closed its lower gate.",
            "A drummer kept time until it rained.",
            "Talks were broken off last week over a chair.",
        ],
        "summary": [
            "{Thing} in {place} are on strike for {n} days for {m} per cent more money."
            " They object to {cause} as well.",
            "For {n} days there will be a strike of {thing} in {place} over pay, which"
            " should rise by {m} per cent, and over {cause}.",
        ],
    },
    "find": {
        "scene": [
            "The digger's driver first thought that he had hit a drain.",
            "A toothbrush is now the most important tool in {place}.",
            "What looked like a potato turned out to be something else.",
        ],
        "what": [
            "Workers dug up {n} {thing} in {place} on {day} that are older than the"
            " town.",
            "On {day} {n} {thing}, older than the town itself, came out of the ground"
            " in {place}.",
            "{n} {thing} from before the town's founding were unearthed in {place} on"
            " {day}.",
        ],
        "then": [
            "They came upon them while digging for {cause}.",
            "The ground had been opened for {cause}.",
        ],
        "next": [
            "Building will now rest for {m} months.",
            "For {m} months no more will be built there.",
        ],
        "more": [
            "Nothing of the kind had been found since {year}.",
            "The professor from {other} arrived on a bicycle.",
            "A tent was put up against the rain.",
            "Some pieces fit into a matchbox.",
            "The site lies between a bank and a hairdresser.",
            "Schoolchildren may watch on Wednesdays.",
        ],
        "summary": [
            "{n} {thing} older than the town have been discovered in {place} during"
            " work on {cause}. Construction stops for {m} months.",
            "Work on {cause} in {place} rests for {m} months, since {n} ancient"
            " {thing} were discovered.",
        ],
    },
}

#: What may stand in any story, and is no news.
ANYWHERE = [
    '"We have never seen anything like it," said a woman with a pram.',
    '"One gets used to everything," said a pensioner at the bus stop.',
    '"I only came to buy bread," said a man in a raincoat.',
    '"Ask me again tomorrow," said the deputy mayor.',
    "The mayor of {place} spoke for four minutes and took no questions.",
    "{place} lies an hour by train from {other}.",
    "The local paper printed {k} photographs.",
    "On the square the talk was of little else.",
    "Some stayed until it was dark.",
    "The weather is expected to stay mild.",
    "About {k} people live in the district.",
    "It was a quiet week otherwise.",
]
