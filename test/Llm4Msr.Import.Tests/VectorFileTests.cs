using Llm4Msr.Knowledge;
using Llm4Msr.Language.Tests.Fuzzing;
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

    /// <summary>What any file makes the reader hold: no more than it accounts for, and a named error where it is none.</summary>
    [Theory, InlineData(".parquet"), InlineData(".jsonl"), InlineData(".safetensors")]
    public void AnyDamageIsVectorsOrANamedError(string ending)
    {
        var file = "a" + ending;
        (string Id, float[] Vector)[] rows = [.. Enumerable.Range(0, 20).Select(k => ($"{k}", new float[] { k, k * 0.5f, -k }))];
        if (ending == ".safetensors")
        {
            using var stream = File.Create(_scratch[file]);
            Safetensors.Write(stream, [("v", TorchSharp.torch.tensor([.. rows.SelectMany(r => r.Vector)]).view(20, 3))]);
        }
        else
        {
            Write(file, rows);
        }
        string[] keys = [.. rows.Select(r => r.Id)];
        var mutations = new Mutations(File.ReadAllBytes(_scratch[file]), seed: 9);
        var refused = 0;
        for (var i = 0; i < 1000; i++)
        {
            var bytes = mutations.Next(int.MaxValue);
            File.WriteAllBytes(_scratch[file], bytes);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var matrix = VectorFile.Read(Source(file), keys);
                Assert.All(matrix.Rows, row => Assert.All(row, value => Assert.True(float.IsFinite(value))));
            }
            catch (Llm4MsrException e)
            {
                Assert.Contains(_scratch[file], e.Message, StringComparison.Ordinal);
                Assert.InRange(e.Message.Length, 20, 2000);
                refused++;
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, (64 << 20) + 4 * bytes.Length);
        }
        Assert.InRange(refused, 300, 1000);
    }

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
