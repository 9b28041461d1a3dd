using System.Globalization;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests.Fuzzing;

/// <summary>
/// Whatever a log holds, it is imported with counts that balance, or refused by name. LLM4MSR_FUZZ_FILES sets how many
/// logs there are, LLM4MSR_FUZZ_FIRST which is the first.
/// </summary>
public sealed class BrokenLogTests : IDisposable
{
    private const int Files = 120, CutsOfEach = 10;

    private readonly ScratchFolder _scratch = new();
    private readonly SortedDictionary<string, int> _treated = [];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AnyBrokenLogIsImportedWithItsCountsOrRefusedByName()
    {
        var (first, files) = (Number("LLM4MSR_FUZZ_FIRST", 0), Number("LLM4MSR_FUZZ_FILES", Files));
        for (var k = first; k < first + files; k++)
            Import(BrokenLog.Of(k), $"log {k}");

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{files} logs from {first}: {string.Join(", ", _treated.Select(t => $"{t.Value} {t.Key}"))}."));
        Assert.True(_treated["refused"] > files / 10 && _treated["imported"] > files / 10, string.Join(", ", _treated));
    }

    [Fact]
    public void SoIsAGoodLogCutAtAnyLength()
    {
        for (var kind = 0; kind < 4; kind++)
        {
            var length = BrokenLog.LengthOf(kind);
            for (var k = 0; k < CutsOfEach; k++)
                Import(BrokenLog.Cut(kind, k * length / CutsOfEach), $"kind {kind} cut at {k * length / CutsOfEach}");
        }
    }

    private void Import(BrokenLog log, string which)
    {
        var output = _scratch["data"];
        File.WriteAllBytes(_scratch[log.Name], log.Bytes);
        try
        {
            var data = Imports.Run(_scratch, Imports.Ratings(log.Name));
            var counts = Assert.Single(data.Description.Import!.Sources);
            var told = File.Exists(_scratch["data.rejected.csv"]) ? RejectedLines() : 0;
            Assert.True(
                counts.Read == counts.Kept + counts.Rejected && counts.Kept == data.Interactions.Count && counts.Rejected == told && counts.LeftOut + counts.Duplicates == 0, $"{which}: {counts}, {told} told");
            var own = OwnCount.Of(log.Name, log.Bytes);
            Assert.True(own is null || own == counts.Read, $"{which}: {counts}, but it has {own} rows");
            Count("imported");
            Count(own is null ? "without a count of rows of its own" : "with the rows of its own count");
        }
        catch (Llm4MsrException e)
        {
            // A claimed size may be more than there is memory for.
            Assert.True((e.Kind == FaultKind.BadInput || e.Message.StartsWith("The import needs more memory", StringComparison.Ordinal)) && e.Message.Length is > 20 and < 3000, $"{which}: {e}");
            Count("refused");
        }
        catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
        {
            Assert.Fail($"{which} gave {e}");
        }
        File.Delete(_scratch["data.rejected.csv"]);
        if (Directory.Exists(output))
            Directory.Delete(output, recursive: true);
    }

    private void Count(string what) => _treated[what] = _treated.GetValueOrDefault(what) + 1;

    private int RejectedLines()
    {
        using var reader = Sylvan.Data.Csv.CsvDataReader.Create(_scratch["data.rejected.csv"], new Sylvan.Data.Csv.CsvDataReaderOptions { MaxBufferSize = 1 << 24 });
        var rows = 0;
        while (reader.Read())
            rows++;
        return rows;
    }

    private static int Number(string variable, int otherwise) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } said ? int.Parse(said, CultureInfo.InvariantCulture) : otherwise;
}
