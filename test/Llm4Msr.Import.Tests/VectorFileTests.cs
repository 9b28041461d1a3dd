using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using ParquetSharp;

namespace Llm4Msr.Import.Tests;

/// <summary>Vectors made elsewhere, in files that name their rows.</summary>
public sealed class VectorFileTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory, InlineData(".parquet"), InlineData(".jsonl")]
    public void RowsAreFoundByTheirKeysWhateverTheirOrder(string ending)
    {
        Write("a" + ending, ("9", [1, 2]), ("7", [3, 4.5f]));

        var matrix = Read("a" + ending);

        Assert.Equal([1, 2], matrix.Of("9"));
        Assert.Equal([3, 4.5f], matrix.Of("7"));
        Assert.Equal(2, matrix.Width);
    }

    [Theory]
    [InlineData(".parquet", "column"), InlineData(".jsonl", "field")]
    public void AVectorOfAnotherWidthIsNamedByItsRow(string ending, string what)
    {
        Write("a" + ending, ("9", [1, 2]), ("7", [3, 4, 5]));

        Assert.Equal($"'{_scratch["a" + ending]}': the {what} 'v' has 3 values in row 2, those before it 2. Make the vectors again, with zeros where nothing is known.", Refused("a" + ending));
    }

    [Fact]
    public void ANumberThatIsNoneIsNamedByItsRowAndColumn()
    {
        Write("a.parquet", ("9", [1, 2]), ("7", [3, float.NaN]));

        Assert.Contains("the column 'v' holds NaN in row 2, column 2", Refused("a.parquet"));
    }

    [Theory, InlineData(".parquet"), InlineData(".jsonl")]
    public void AKeyThatIsThereTwiceIsNamedWithBothRows(string ending)
    {
        Write("a" + ending, ("9", [1, 2]), ("7", [3, 4]), ("9", [5, 6]));

        Assert.Contains("'9' is the key of row 1 and of row 3", Refused("a" + ending));
    }

    [Fact]
    public void AParquetFileOfAnotherToolIsRead()
    {
        // Whole numbers as keys, values that may be missing, doubles: what a data frame writes.
        using (var file = new ParquetFileWriter(_scratch["a.parquet"], [new Column<long?>("id"), new Column<string>("name"), new Column<double?[]>("v")]))
        {
            using var group = file.AppendRowGroup();
            using (var ids = group.NextColumn().LogicalWriter<long?>())
                ids.WriteBatch([12, 3]);
            using (var names = group.NextColumn().LogicalWriter<string>())
                names.WriteBatch(["a", null!]);
            using (var vectors = group.NextColumn().LogicalWriter<double?[]>())
                vectors.WriteBatch([[0.5, 1], [2, 3]]);
            file.Close();
        }

        Assert.Equal([2, 3], Read("a.parquet").Of("3"));
    }

    [Theory]
    [InlineData(0), InlineData(1)]
    public void AValueThatIsMissingIsNamedByItsRow(int missing)
    {
        using (var file = new ParquetFileWriter(_scratch["a.parquet"], [new Column<string>("id"), new Column<float?[]>("v")]))
        {
            using var group = file.AppendRowGroup();
            using (var ids = group.NextColumn().LogicalWriter<string>())
                ids.WriteBatch(["a", "b"]);
            using (var vectors = group.NextColumn().LogicalWriter<float?[]>())
                vectors.WriteBatch([[1, 2], missing == 0 ? [null, 1] : [1, null]]);
            file.Close();
        }

        Assert.Equal($"'{_scratch["a.parquet"]}', row 2: it cannot be read (a value of the list in 'v' is missing). Make the file again.", Refused("a.parquet"));
    }

    [Fact]
    public void AColumnThatIsNotThereIsNamedWithThoseThatAre()
    {
        Write("a.parquet", ("9", [1, 2]));

        var error = Assert.Throws<Llm4MsrException>(() => VectorFile.Read(Source("a.parquet") with { Tensor = "w" }, []));

        Assert.Equal($"'{_scratch["a.parquet"]}', row group 1: it cannot be read (there is no column 'w'; there are: id, v). Make the file again.", error.Message);
    }

    private VectorSource Source(string file) => new(KnowledgeLevel.User, 4, "mean", _scratch[file], "v");

    private VectorMatrix Read(string file) => VectorFile.Read(Source(file), []);

    private string Refused(string file) => Assert.Throws<Llm4MsrException>(() => Read(file)).Message;

    private void Write(string name, params (string Id, float[] Vector)[] rows)
    {
        if (name.EndsWith(".jsonl", StringComparison.Ordinal))
        {
            File.WriteAllLines(_scratch[name], rows.Select(r => FormattableString.Invariant($$"""{"id": "{{r.Id}}", "more": null, "v": [{{string.Join(", ", r.Vector)}}]}""")));
            return;
        }
        using var file = new ParquetFileWriter(_scratch[name], [new Column<string>("id"), new Column<float[]>("v")]);
        using var group = file.AppendRowGroup();
        using (var ids = group.NextColumn().LogicalWriter<string>())
            ids.WriteBatch([.. rows.Select(r => r.Id)]);
        using (var vectors = group.NextColumn().LogicalWriter<float[]>())
            vectors.WriteBatch([.. rows.Select(r => r.Vector)]);
        file.Close();
    }
}
