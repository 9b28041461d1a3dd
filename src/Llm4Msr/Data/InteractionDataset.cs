using System.Runtime.InteropServices;
using Llm4Msr.Platform;

namespace Llm4Msr.Data;

/// <summary>Prepared data in memory: interactions by rank, their parts, and the encoder of their features.</summary>
public sealed class InteractionDataset
{
    public const string Format = "llm4msr-data/1";

    internal const string DescriptionFile = "data.json", InteractionsFile = "interactions.arrow", UsersFile = "users.arrow",
        ItemsFile = "items.arrow", SplitFile = "split.arrow", ContextFile = "context.arrow", FeaturesFolder = "features";

    private readonly string _folder;

    private InteractionDataset(string folder, DataDescription description, InteractionTable interactions, Part[] parts, RowEncoder encoder)
    {
        _folder = folder;
        Description = description;
        Interactions = interactions;
        Parts = parts;
        Encoder = encoder;
    }

    public DataDescription Description { get; }

    public InteractionTable Interactions { get; }

    /// <summary>The part of each rank.</summary>
    public IReadOnlyList<Part> Parts { get; }

    public RowEncoder Encoder { get; }

    /// <summary>Opens a folder written by <see cref="PreparedDataWriter"/>, after every file has been checked against its hash.</summary>
    public static InteractionDataset Open(string folder)
    {
        var description = Describe(folder);
        string PathOf(string name) => Path.Combine(folder, name);

        var encoder = RowEncoder.Load(PathOf(FeaturesFolder));
        var table = ArrowTable.Read(PathOf(InteractionsFile));
        var context = ArrowTable.Read(PathOf(ContextFile));
        var interactions = new InteractionTable(
            table.Ints("scenario"), table.Ints("user"), table.Ints("item"), table.Flags("clicked"), table.Flags("positive"), table.Longs("time"),
            [.. encoder.Schema.Of(FieldOwner.Context).Select(field => context.Ints(field.Name))]);
        var parts = ArrowTable.Read(PathOf(SplitFile)).Bytes("part");
        return new InteractionDataset(folder, description, interactions, MemoryMarshal.Cast<byte, Part>(parts).ToArray(), encoder);
    }

    /// <summary>What is in a folder, after every file has been checked against its hash; none of its tables is in memory.</summary>
    public static DataDescription Describe(string folder)
    {
        FolderManifest.Verify(folder, Format, "prepared data folder", "Make it with 'llm4msr prepare'.");
        return DataDescription.Read<DataDescription>(Path.Combine(folder, DescriptionFile));
    }

    /// <summary>The ids of a folder's users by row, read as they are asked for.</summary>
    public static IEnumerable<string> UserIds(string folder) => ArrowTable.ReadInParts(Path.Combine(folder, UsersFile)).SelectMany(users => users.Texts("key"));

    /// <summary>The ranks of a part, ascending.</summary>
    public int[] RanksOf(Part part) => [.. Enumerable.Range(0, Parts.Count).Where(rank => Parts[rank] == part)];

    /// <summary>The same of some scenarios alone.</summary>
    /// <param name="scenarios">Their names; null for all.</param>
    /// <exception cref="Llm4MsrException">A name that no scenario has.</exception>
    public int[] RanksOf(Part part, IReadOnlyList<string>? scenarios)
    {
        if (scenarios is null)
            return RanksOf(part);
        var names = Description.Scenarios.Select(s => s.Name).ToList();
        if (scenarios.FirstOrDefault(s => !names.Contains(s)) is { } unknown)
            throw new Llm4MsrException(FaultKind.Usage, $"There is no scenario '{unknown}'. There are: {string.Join(", ", names)}.{Nearest.Hint(unknown, names)}");
        bool[] isNamed = [.. names.Select(scenarios.Contains)];
        return [.. RanksOf(part).Where(rank => isNamed[Interactions.Scenario[rank]])];
    }

    /// <summary>The rows at the given ranks, in that order.</summary>
    public EncodedRows Rows(ReadOnlySpan<int> ranks)
    {
        var context = new int[Interactions.Context.Count][];
        for (var field = 0; field < context.Length; field++)
            context[field] = Pick(Interactions.Context[field], ranks);
        return new EncodedRows(
            Pick(Interactions.Scenario, ranks), Pick(Interactions.User, ranks), Pick(Interactions.Item, ranks), context, Labels(ranks));
    }

    /// <summary>How each item is named in prompts, by row of the item table.</summary>
    public IReadOnlyList<ItemWords> ReadItemWords()
    {
        var items = ArrowTable.Read(Path.Combine(_folder, ItemsFile));
        return [.. items.Texts("title").Zip(items.Texts("category"), (title, category) => new ItemWords(title, category))];
    }

    private static T[] Pick<T>(T[] column, ReadOnlySpan<int> ranks)
    {
        var picked = new T[ranks.Length];
        for (var row = 0; row < picked.Length; row++)
            picked[row] = column[ranks[row]];
        return picked;
    }

    private float[] Labels(ReadOnlySpan<int> ranks)
    {
        var labels = new float[ranks.Length];
        for (var row = 0; row < labels.Length; row++)
            labels[row] = Interactions.Clicked[ranks[row]] ? 1 : 0;
        return labels;
    }
}
