using Apache.Arrow;
using Apache.Arrow.Types;
using DuckDB.NET.Native;
using Llm4Msr.Data;

namespace Llm4Msr.Import.Engine;

/// <summary>An answer of any size as record batches of <see cref="RawBatch.Rows"/> rows, copied vector by vector.</summary>
internal static class RecordBatches
{
    public static IEnumerable<RecordBatch> Of(DuckDb database, IReadOnlyList<string> names, string sql, params IReadOnlyList<object> parameters)
    {
        Column[]? columns = null;
        var (rows, any) = (0, false);
        foreach (var chunk in database.Stream(sql, parameters))
        {
            columns ??= [.. chunk.Columns.Select(c => Column.Of(c.Type))];
            for (var first = 0; first < chunk.Rows;)
            {
                var count = Math.Min(chunk.Rows - first, RawBatch.Rows - rows);
                for (var c = 0; c < columns.Length; c++)
                    columns[c].Add(chunk.Columns[c], first, count);
                (first, rows) = (first + count, rows + count);
                if (rows < RawBatch.Rows)
                    continue;
                yield return Batch();
                (rows, any) = (0, true);
                columns = [.. chunk.Columns.Select(c => Column.Of(c.Type))];
            }
        }
        if (columns is null)
            throw new InvalidOperationException("An answer without rows has no types; ask before whether there are any.");
        if (rows > 0 || !any)
            yield return Batch();

        RecordBatch Batch() => RawBatch.Of([.. names.Zip(columns!, (name, column) => (name, column.Build()))]);
    }

    /// <summary>One column of the batch that is being filled.</summary>
    private abstract class Column
    {
        public abstract void Add(Vector values, int first, int count);

        public abstract IArrowArray Build();

        public static Column Of(DuckDBType type) => type switch
        {
            DuckDBType.Integer => new Plain<int, Int32Array, Int32Array.Builder>(new Int32Array.Builder()),
            DuckDBType.BigInt => new Plain<long, Int64Array, Int64Array.Builder>(new Int64Array.Builder()),
            DuckDBType.UnsignedTinyInt => new Plain<byte, UInt8Array, UInt8Array.Builder>(new UInt8Array.Builder()),
            DuckDBType.Boolean => new Flags(),
            DuckDBType.Varchar => new Texts(),
            DuckDBType.List => new TextLists(),
            _ => throw new NotSupportedException($"A column of the type {type} is not stored; cast it."),
        };
    }

    private sealed class Plain<T, TArray, TBuilder>(TBuilder builder) : Column
        where T : unmanaged, IEquatable<T>
        where TArray : IArrowArray
        where TBuilder : PrimitiveArrayBuilder<T, TArray, TBuilder>
    {
        public override void Add(Vector values, int first, int count) => builder.Append(values.Values<T>().Slice(first, count));

        public override IArrowArray Build() => builder.Build();
    }

    private sealed class Flags : Column
    {
        private readonly BooleanArray.Builder _builder = new();

        public override void Add(Vector values, int first, int count)
        {
            foreach (var flag in values.Values<bool>().Slice(first, count))
                _builder.Append(flag);
        }

        public override IArrowArray Build() => _builder.Build();
    }

    private sealed class Texts : Column
    {
        private readonly StringArray.Builder _builder = new();

        public override void Add(Vector values, int first, int count)
        {
            for (var row = first; row < first + count; row++)
                _builder.Append(values.Text(row));
        }

        public override IArrowArray Build() => _builder.Build();
    }

    private sealed class TextLists : Column
    {
        private readonly ListArray.Builder _builder = new(StringType.Default);

        public override void Add(Vector values, int first, int count)
        {
            var texts = (StringArray.Builder)_builder.ValueBuilder;
            var elements = values.Elements;
            for (var row = first; row < first + count; row++)
            {
                _builder.Append();
                var (start, length) = values.List(row);
                for (var k = start; k < start + length; k++)
                    texts.Append(elements.Text(k));
            }
        }

        public override IArrowArray Build() => _builder.Build();
    }
}
