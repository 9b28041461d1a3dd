namespace Llm4Msr.Data;

/// <summary>What an importer found in the logs, before anything is encoded, split or sorted.</summary>
public sealed record RawData(
    string Source,
    PlatformDescription Platform,
    IReadOnlyList<Scenario> Scenarios,
    RawEntities Users,
    RawEntities Items,
    IReadOnlyList<ItemWords> ItemWords,
    IReadOnlyList<RawInteraction> Interactions,
    IReadOnlyList<string> ContextFields,
    IReadOnlyDictionary<string, FileFacts> Inputs);

/// <summary>The words that describe the platform in prompts (paper, appendix B).</summary>
/// <param name="Description">For example "a website on which people rate films".</param>
/// <param name="Users">What its users are called, in the plural.</param>
/// <param name="Items">What its items are called, in the plural.</param>
/// <param name="Behavior">What a positive interaction is called, in the past tense: "liked", "clicked".</param>
public sealed record PlatformDescription(string Name, string Description, string Users, string Items, string Behavior);

/// <summary>Users or items with their raw features.</summary>
public sealed record RawEntities(IReadOnlyList<string> Keys, IReadOnlyList<RawField> Fields);

/// <summary>One raw feature of every entity.</summary>
/// <param name="Values">For each entity its values: one, or none where it is missing, or of a multi-valued field any number.</param>
public sealed record RawField(string Name, bool MultiValued, IReadOnlyList<IReadOnlyList<string>> Values);

/// <summary>How an item is named in a prompt.</summary>
public sealed record ItemWords(string Title, string Category);

/// <param name="User">Position in the raw users.</param>
/// <param name="Item">Position in the raw items.</param>
/// <param name="Time">Unix seconds.</param>
/// <param name="Context">Raw values of the context fields; an empty text is a missing value.</param>
public sealed record RawInteraction(int Scenario, int User, int Item, bool Clicked, bool Positive, long Time, IReadOnlyList<string> Context);

/// <summary>Size and SHA-256 of a source file.</summary>
public sealed record FileFacts(long Bytes, string Sha256);
