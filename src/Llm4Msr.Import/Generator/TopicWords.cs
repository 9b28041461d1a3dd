namespace Llm4Msr.Import.Generator;

/// <summary>Something that people are interested in, and what it is called in finer words.</summary>
public sealed record TopicWords(string Name, IReadOnlyList<string> Words)
{
    /// <summary>What short videos are about. Another list can be given in its place: interests have as many numbers as there are topics.</summary>
    public static IReadOnlyList<TopicWords> Videos { get; } =
    [
        new("cooking", ["noodles", "street food", "baking", "barbecue", "soups", "desserts"]),
        new("music", ["pop songs", "piano", "guitar covers", "folk songs", "choirs", "drums"]),
        new("dance", ["square dance", "ballet", "street dance", "folk dance", "tutorials", "duets"]),
        new("pets", ["cats", "dogs", "parrots", "rabbits", "pet care", "funny animals"]),
        new("sports", ["football", "basketball", "table tennis", "swimming", "boxing", "athletics"]),
        new("fitness", ["yoga", "home workouts", "running", "stretching", "weight loss", "cycling"]),
        new("travel", ["mountains", "beaches", "city walks", "train journeys", "camping", "old towns"]),
        new("cars", ["new models", "repairs", "driving tips", "trucks", "motorcycles", "electric cars"]),
        new("games", ["strategy games", "shooters", "puzzles", "game reviews", "esports", "retro games"]),
        new("fashion", ["dresses", "shoes", "hairstyles", "street style", "bags", "matching outfits"]),
        new("beauty", ["make-up", "skin care", "perfume", "nail art", "product tests", "before and after"]),
        new("comedy", ["sketches", "stand-up", "pranks", "parodies", "dubbing", "family jokes"]),
        new("film", ["trailers", "film reviews", "classic scenes", "series", "actors", "short dramas"]),
        new("education", ["mathematics", "languages", "history lessons", "exam tips", "handwriting", "science for children"]),
        new("technology", ["phones", "robots", "computers", "gadgets", "programming", "space"]),
        new("gardening", ["flowers", "vegetables", "bonsai", "balcony plants", "tools", "composting"]),
        new("farming", ["harvest", "tractors", "fishing", "beekeeping", "village life", "livestock"]),
        new("crafts", ["pottery", "woodwork", "knitting", "paper folding", "jewellery", "restoration"]),
        new("art", ["oil painting", "calligraphy", "drawing", "sculpture", "street art", "digital art"]),
        new("parenting", ["newborns", "toddlers", "family games", "school lunches", "bedtime", "toys"]),
        new("health", ["nutrition", "sleep", "first aid", "traditional medicine", "eye care", "doctors answer"]),
        new("home", ["interior design", "cleaning", "storage", "renovation", "furniture", "small flats"]),
        new("finance", ["saving", "markets", "small business", "housing prices", "careers", "taxes"]),
        new("news", ["local news", "weather", "traffic", "interviews", "society", "world news"]),
    ];
}
