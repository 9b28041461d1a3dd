using Apache.Arrow;

namespace Llm4Msr.Data;

/// <summary>Splits and encodes logs in memory: the plain definition, which an import of files of any size has to agree with.</summary>
internal sealed class MemoryEncoder
{
    private readonly RawData _raw;
    private readonly EntityReader _users;
    private readonly EntityReader _items;
    private readonly InteractionReader _interactions;

    public MemoryEncoder(RawData raw)
    {
        _raw = raw;
        _users = new EntityReader(FieldOwner.User, FeatureNames.UserId, [.. raw.Users.Fields.Select(f => new RawFieldKind(f.Name, f.MultiValued))]);
        _items = new EntityReader(FieldOwner.Item, FeatureNames.ItemId, [.. raw.Items.Fields.Select(f => new RawFieldKind(f.Name, f.MultiValued))]);
        _interactions = new InteractionReader([.. raw.ContextFields.Select(name => new RawFieldKind(name, MultiValued: false))]);
        var ordered = raw.InOrder();
        Raw = ordered with
        {
            Users = ordered.Users.Select(_users.Read),
            Items = ordered.Items.Select(_items.Read),
            Interactions = ordered.Interactions.Select(_interactions.Read),
        };
    }

    /// <summary>The raw tables; what is encoded is what has gone by.</summary>
    public RawTables Raw { get; }

    /// <param name="interactions">The table of interactions as it was written.</param>
    public EncodedTables Encode(string interactions, SplitOptions split, int minCount)
    {
        var parts = Splits.Assign(split, _interactions.Users, _users.Keys);
        var (all, training) = Count(interactions, parts);
        var learned = new LearnedFields(minCount);
        var (users, items) = (_users.Encode(learned), _items.Encode(learned));
        var context = _interactions.Encode(parts, learned);
        var schema = EncodedTables.SchemaOf(_raw.Scenarios.Count, users.Columns.Concat(items.Columns).Concat(context).Select(c => c.Field));
        return new EncodedTables(
            Enum.GetValues<Part>().ToDictionary(part => part, part => Facts(parts, part)), all, training, schema, learned.Frequencies,
            RawBatch.InParts(parts.Length, EncodedTables.PartRows, rows => [("part", ArrowTable.Column([.. parts[rows].Select(p => (byte)p)]))]),
            RowEncoder.Batches(users), RowEncoder.Batches(items),
            RawBatch.InParts(context.Count == 0 ? 0 : parts.Length, EncodedTables.Rows, rows => [.. context.Select(c => (c.Field.Name, ArrowTable.Column(c.Only(rows))))]),
            RowEncoder.Batches(schema, learned.Vocabularies));
    }

    /// <summary>Table 1 over all rows and over the training part, and how often each user and item stands in which part.</summary>
    private (DataStatistics All, DataStatistics Training) Count(string path, Part[] parts)
    {
        var all = new StatisticsCounter(_raw.Scenarios.Count, _users.Keys.Count, _items.Keys.Count);
        var training = new StatisticsCounter(_raw.Scenarios.Count, _users.Keys.Count, _items.Keys.Count);
        var (userRows, itemRows) = (_users.RowsByPart, _items.RowsByPart);
        var rank = 0;
        foreach (var table in ArrowTable.ReadInParts(path))
        {
            var (scenario, user, item, clicked) = (table.Ints("scenario"), table.Ints("user"), table.Ints("item"), table.Flags("clicked"));
            for (var row = 0; row < table.Count; row++, rank++)
            {
                all.Add(scenario[row], user[row], item[row], clicked[row]);
                if (parts[rank] == Part.Training)
                    training.Add(scenario[row], user[row], item[row], clicked[row]);
                userRows.Count(user[row], parts[rank]);
                itemRows.Count(item[row], parts[rank]);
            }
        }
        return (all.Result(), training.Result());
    }

    private static PartFacts Facts(Part[] parts, Part part) =>
        new(parts.Count(p => p == part), System.Array.IndexOf(parts, part), System.Array.LastIndexOf(parts, part));
}
