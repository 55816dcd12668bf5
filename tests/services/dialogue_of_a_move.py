"""A dialogue of our own making: somebody moves house, with an assistant that talks a lot."""

SAID = [
    ("user", "Hi! I'm moving from Hamburg to Leipzig at the end of August and I'm a bit overwhelmed."),
    (
        "assistant",
        "Hello! Moving can feel like a lot. I'm happy to help. Shall we begin with a list of what to do?",
    ),
    ("user", "Yes please. The new flat is on Karl-Liebknecht-Straße, third floor, no elevator."),
    (
        "assistant",
        "Thanks, noted. Without an elevator, movers often charge extra per floor. It is worth "
        "asking about that. "
        "Do you have heavy furniture?",
    ),
    (
        "user",
        "An upright piano, about 230 kilos. And my grandmother's oak cupboard, which must not be scratched.",
    ),
    (
        "assistant",
        "A piano needs specialists. Ask for a company that has piano belts and insurance. The "
        "cupboard should be "
        "wrapped in blankets, not in foil, since foil can damage the varnish. Let me know if you "
        "want more detail!",
    ),
    ("user", "Okay, great, thanks!"),
    ("assistant", "You're welcome!"),
    ("user", "My budget for the whole move is 1,800 euros. Is that realistic?"),
    (
        "assistant",
        "For two rooms, a piano and 390 kilometres, 1,800 euros is tight but possible. The piano "
        "alone may cost "
        "350 euros. You could save money by packing yourself.",
    ),
    ("user", "I'll pack myself then. Two friends, Jonas and Mirjam, will help on the 28th of August."),
    ("assistant", "Wonderful. With two helpers you can pack the kitchen last. Anything else on your mind?"),
    ("user", "I have a cat called Pixel who panics in the car."),
    (
        "assistant",
        "Cats travel best in a familiar carrier. Put the carrier in the living room some weeks "
        "before, and ask your "
        "vet about a mild sedative. Would you like a list for the day itself?",
    ),
    (
        "user",
        "Later. We decided to book the company Elbe Umzüge, they offered 1,450 euros including the piano.",
    ),
    (
        "assistant",
        "That is a good price. Make sure to get the offer in writing, and ask what the insurance covers.",
    ),
    ("user", "I still need to cancel my electricity contract and register at the new town hall."),
    (
        "assistant",
        "You can cancel electricity with two weeks' notice because of the move. Registration in "
        "Leipzig has to be "
        "done within 14 days. Appointments are scarce, so book one early.",
    ),
    ("user", "Hm, that's good to know."),
    ("assistant", "Glad to hear that. What would you like to do next?"),
    ("user", "Remind me that the handover of the old flat is on August 30 at 10 o'clock with Mrs. Petersen."),
    (
        "assistant",
        "Noted: handover on August 30 at 10 o'clock with Mrs. Petersen. Bring all keys and the "
        "meter readings.",
    ),
]
