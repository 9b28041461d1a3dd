namespace Llm4Msr.Import.Generator;

/// <summary>How much to generate.</summary>
public enum GeneratorScale
{
    /// <summary>A thousand users, seconds to train on.</summary>
    Tiny,

    /// <summary>A tenth of KuaiSAR-small.</summary>
    Small,

    /// <summary>Users, items, overlaps, rows and click shares of KuaiSAR-small in the paper's Table 1.</summary>
    KuaisarSmall,
}

/// <summary>The scales as options.</summary>
public static class GeneratorScales
{
    public static GeneratorOptions Options(GeneratorScale scale) => scale switch
    {
        GeneratorScale.Tiny => Of(users: 1_000, rows: (60_000, 24_000), items: (1_500, 1_200), sharedItems: 150),
        GeneratorScale.Small => Options(GeneratorScale.KuaisarSmall).WithUsers(2_588),
        GeneratorScale.KuaisarSmall => Of(users: 25_877, rows: (7_493_101, 3_038_362), items: (2_281_034, 1_974_165), sharedItems: 97_981),
        _ => throw new ArgumentOutOfRangeException(nameof(scale), scale, null),
    };

    private static GeneratorOptions Of(int users, (int Recommendation, int Search) rows, (int Recommendation, int Search) items, int sharedItems) => new()
    {
        Users = users,
        SharedItems = sharedItems,
        Scenarios =
        [
            new("recommendation", "people watch one suggested video after the other", rows.Recommendation, items.Recommendation, ClickShare: 1 - 0.5049),
            new("search", "people type what they want to see and choose among the results", rows.Search, items.Search, ClickShare: 1 - 0.8787, ItemsPerSession: 12),
        ],
    };
}
