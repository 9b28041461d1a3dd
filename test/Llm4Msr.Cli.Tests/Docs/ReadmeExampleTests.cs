using System.Runtime.CompilerServices;
using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests.Docs;

public sealed class ReadmeExampleTests : IDisposable
{
    private const string Head = """
        #:project ../src/Llm4Msr
        #:property PublishAot=false
        #:package libtorch-cpu-linux-x64


        """;

    private const string Fence = "```csharp\n";

    private const string Folder = """
        var folder = "quickstart"; // made by './llm4msr quickstart'

        """;

    private readonly ScratchFolder _scratch = new();

    [Fact]
    public void TheReadmeShowsTheExampleThatIsCompiledHere()
    {
        var expected = Head + Expected();
        var shown = Assert.Single(Documents.Blocks("README.md", "csharp"));
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            File.WriteAllText(Documents.PathOf("README.md"), Documents.Read("README.md").Replace($"{Fence}{shown}", $"{Fence}{expected}", StringComparison.Ordinal));
        else
            Assert.Equal(expected, shown);
    }

    [Fact]
    public void TheExampleTrainsAModelThatIsBetterThanChanceAndPredictsWithIt()
    {
        var planted = PlantedData.Generate(new PlantedOptions { Users = 400, Items = 100 });
        DurableFile.WriteFolder(_scratch["data"], folder => PreparedDataWriter.Write(folder, planted.Raw, new SplitOptions(SplitKind.UserHoldout)));
        CommandRun.Succeeding("reason", _scratch["data"], "--model", "embedded", "--history", "10", "--out", _scratch["knowledge.db"]);

        var (result, probability) = ReadmeExample.Run(_scratch.Root);

        Assert.True(result.Test.MeanAuc > 0.6, $"AUC {result.Test.MeanAuc}");
        Assert.InRange(probability, 0.001f, 0.999f);
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>The using lines of the example's file and what stands in its region, moved to the left.</summary>
    private static string Expected()
    {
        var lines = File.ReadAllLines(Path.Combine(Path.GetDirectoryName(ThisFile())!, $"{nameof(ReadmeExample)}.cs"));
        var usings = lines.TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal));
        var body = lines.SkipWhile(line => line.Trim() != "#region README").Skip(1).TakeWhile(line => line.Trim() != "#endregion");
        const int Indentation = 8;
        return string.Join('\n', [.. usings, "", .. Folder.Split('\n').SkipLast(1), .. body.Select(line => line[Math.Min(Indentation, line.Length)..]), ""]);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
