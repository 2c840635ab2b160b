"""The words and sentence patterns from which the synthetic reviews are built.

Nothing here decides anything: `grammar` turns these lists into sentences and back, and
`synthetic` decides which opinions a review holds. A pattern may use

    {t} {a} {is} {was} {it} {them}   a topic's noun and the words that agree with it
    {u} {are} {were}                 the same for the second topic of a pair
    {,}                              where an aside may stand
    {x} {y} {z}                      opinion words
    {m}                              any topic's noun, of which nothing is said
    {film} {who} {job} {place} {thing} {kin} {town}   names and nouns without opinion

Words that carry an opinion are shared by praise and pan: "never dull" is praise and
"never gripping" is not, so that a list of words alone says little.
"""

# What each label can be called; * marks a plural, ^ a noun that takes an article.
TOPICS = {
    "positive": "film^ movie^ picture^ production^",
    "acting": "acting cast^ performances* leads*",
    "story": "story^ plot^ script^ screenplay^",
    "music": "music score^ soundtrack^ songs*",
    "visuals": "visuals* photography camerawork images*",
    "pacing": "pacing tempo^ rhythm^ editing",
    "humour": "humour comedy jokes* gags*",
}

PRAISE = """
gripping superb moving clever graceful inspired vivid memorable delightful thrilling
polished absorbing confident charming original convincing
"""

PAN = """
dull dreadful lifeless stupid clumsy lazy bland forgettable tedious tiresome sloppy
shallow grating derivative implausible pointless
"""

# Opinion words said of one topic only: some for praise / some for a pan.
SPECIAL = {
    "positive": "wonderful unmissable / terrible worthless",
    "acting": "nuanced heartfelt / wooden stilted",
    "story": "ingenious suspenseful / contrived threadbare",
    "music": "haunting stirring / tuneless shrill",
    "visuals": "sumptuous luminous / murky garish",
    "pacing": "brisk taut / sluggish plodding",
    "humour": "witty hilarious / unfunny crude",
}

# Words that both admirers and detractors use: (word, weight under praise, under pan).
# The two columns add up to the same total, so the weights are probabilities times it.
AMBIGUOUS = (
    ("unhurried", 3, 1),
    ("theatrical", 1, 3),
    ("old-fashioned", 2, 1),
    ("loud", 1, 2),
    ("relentless", 2, 2),
    ("peculiar", 1, 2),
    ("sentimental", 1, 3),
    ("restrained", 4, 1),
    ("busy", 1, 4),
    ("eccentric", 3, 1),
    ("simple", 2, 1),
    ("extravagant", 1, 1),
)

# Clear opinions: kind, weight, pattern. {x} means what it says (+) or is turned round
# (-), and {y} is the opinion where {z} is its opposite (*).
CLEAR = """
+ 5 the {t}{,} {is} {x}
+ 3 the {t}{,} {was} simply {x} from the first scene to the last
+ 2 what {a}{x} {t}
+ 3 I found the {t} {x}
+ 1 people who call the {t} {x} have a point
+ 1 I was told to expect {a}{x} {t}, and that is what I got
+ 1 the {t} may not be what sells the tickets, but {it} {is} {x}
+ 1 nobody will ever persuade me that the {t}{,} {is} anything other than {x}
- 2 the {t}{,} {is} never {x}
- 1 the {t}{,} {was} anything but {x}
- 1 I would not call the {t} {x}
- 1 there is nothing {x} about the {t}
- 1 the {t}{,} {is} hardly what anyone would call {x}
- 1 people who call the {t} {x} cannot have been awake
- 1 I was told to expect {a}{x} {t}, and I waited for two hours in vain
- 1 the {t}{,} never once came near to being {x}
- 1 I expected {a}{x} {t}; what I got was quite the opposite
* 1 the {t}{,} {was} not {z}, as some have said, but {y}
* 2 I expected the {t} to be {z} and found {them} {y}
* 1 where others saw {a}{z} {t}, I saw {a}{y} {t}
* 1 far from being {z}, the {t}{,} {is} {y}
* 1 the {t}{,} {is} {y} where {it} could so easily have been {z}
* 1 the trailer promised {a}{z} {t}, but in the end {it} {was} {y}
* 1 for a while the {t}{,} {was} {z}, and then {it} became {y} and stayed that way
"""

# Two topics in one sentence: {x} belongs to the first, {y} to the second.
PAIRS = """
the {t}{,} {is} {x} and the {u} {are} {y}
the {t}{,} {was} {x}; the {u} {were} {y}
while the {u} {are} {y}, the {t} {is} {x}
{x} {t}, {y} {u}
I thought the {u} {were} {y} and the {t} {x}
my {kin} liked neither, but to me the {t} {was} {x} and the {u} {were} {y}
"""

# Opinions in a word that both sides use.
UNCLEAR = """
the {t}{,} {is} {x}
I found the {t} rather {x}
the {t}{,} {was} {x} throughout
you could call the {t} {x}
{a}{x} {t}, I would say
"""

OPENINGS = """
I saw {film} in {town} with my {kin}
{film} had been on my list for years
last night I finally watched {film}
{film} is set in a {place}
my {kin} rented {film} and we watched it twice
it took me two attempts to finish {film}
they showed {film} at the festival in {town}
so this is {film}
{film} came free with a {thing}
{film} follows a {job} who inherits a {thing}
"""

# Plot and circumstance: no sentence here says anything about any label, though several
# hold opinion words, and several name a topic.
FILLER = """
a {job} named {who} comes back to the {place} after the war
{who} plays a {job} who has lost a {thing}
{who} and a {job} meet in a {place} outside {town}
the {job} hides the {thing} in the {place}
somebody has stolen the {thing} and {who} must find it before dawn
a {thing} turns up in the {place} and nobody asks why
years later the {job} writes to {who} about the {thing}
the second half moves to {town}, where {who} runs a {place}
{who} marries the {job} in the end
there is a long scene with a {thing} in a {place}
we were late and missed the scene with the {thing}
the cinema in {town} was half empty
my {kin} slept through the part in the {place}
the seats were {x} and the popcorn was {z}
the weather in {town} was {x} that evening
my {kin} had a {x} day at work before we went
I had just finished a {x} novel about a {job}
the trailer before it looked {x}
the hotel in {town} was {x}
{who} took charge of the {m} after the first week in {town}
the {m} won a prize in {town}, I am told
the {m} cost more than the {place} they filmed in
I read an article about the {m} on the train
my {kin} only ever talks about the {m}
in the last film by {who} I found the {m} {x}, but that was years ago
a critic in {town} wrote a {x} essay on the {m}
in the book the {job} keeps a {thing} in the {place}
the {job} speaks of a {x} childhood and says no more
they remade it in {town} with {who} as the {job}
I watched it again on a train from {town}
"""

# Put between a topic and what is said of it; no opinion, but it takes up distance.
ASIDES = """
as anyone who has been to {town} will tell you
in a year with so many of them
if you can look past the {thing}
and I say this as a {job}
whatever the critics in {town} may think
at least in the version shown in {town}
like so much else with {who} in it
once the {job} has left the {place}
which my {kin} talked about for days
for those who care about such things
even in the long part with the {thing}
by the time we reach the {place}
"""

LEADS = """
to be fair
frankly
in my view
as far as I can tell
and yet
all the same
for what it is worth
my {kin} agrees with me
"""

NOUNS = {
    "who": """
        Marlow Okafor Lindqvist Tanaka Moreau Castellan Brandt Petrov Adeyemi Quill
        Hargreave Santos Whitlock Varga Nakamura
    """,
    "job": """
        lighthouse-keeper surgeon tailor gardener detective pianist smuggler teacher
        baker pilot widow soldier librarian clerk fisherman
    """,
    "place": """
        harbour monastery factory farmhouse theatre hospital station orchard courtroom
        vineyard submarine castle desert laundry
    """,
    "thing": """
        letter violin suitcase necklace photograph horse telescope ledger painting key
        bicycle diary clock revolver parrot
    """,
    "kin": """
        brother sister wife husband neighbour mother father cousin flatmate grandson
    """,
    "town": """
        Lisbon Bergen Leeds Trieste Osaka Lagos Toronto Krakow Valparaiso Dublin
        Marseille Tbilisi
    """,
    "shade": """
        Glass Silent Crimson Hollow Winter Paper Golden Broken Distant Velvet Burning
        Hidden Copper Amber Forgotten Wandering Iron Pale Seventh Electric
    """,
    "title": """
        River Garden Mirror Orchid Kingdom Lantern Bridge Sparrow Voyage Promise Tower
        Circus Island Stranger Harvest Compass Window Shore Machine Cathedral
    """,
}
