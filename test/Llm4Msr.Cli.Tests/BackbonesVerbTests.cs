using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Tests;

public class BackbonesVerbTests
{
    [Fact]
    public void ListNamesEveryBackbone()
    {
        var run = CommandRun.Of("backbones", "list", "--json");

        Assert.Equal(0, run.Code);
        Assert.Equal(Spelling.All<BackboneKind>(), run.Json.EnumerateArray().Select(b => b.GetProperty("name").GetString()));
    }

    [Fact]
    public void ShowCountsTheParametersItLists()
    {
        foreach (var name in Spelling.All<BackboneKind>())
        {
            var run = CommandRun.Of("backbones", "show", name, "--json");

            Assert.Equal(0, run.Code);
            var shown = run.Json;
            Assert.Equal(shown.GetProperty("count").GetInt64(),
                shown.GetProperty("parameters").EnumerateArray().Sum(p => p.GetProperty("shape").EnumerateArray().Aggregate(1L, (n, d) => n * d.GetInt64())));
        }
    }

    [Fact]
    public void VerifyReplaysEveryCellAndSaysSo()
    {
        var run = CommandRun.Of("backbones", "verify", TestFiles.Golden("ctr"));

        Assert.Equal(0, run.Code);
        var lines = run.Output.Split('\n').Select(line => line.Trim().Split(' ')[0]).ToList();
        Assert.All(new ReferenceReplay(TestFiles.Golden("ctr")).Cells, cell => Assert.Contains(cell, lines));
        Assert.Contains("30 of 30 cells are within 1e-05 of the largest number of each tensor.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyExitsWith3WhereANumberIsNotOurs()
    {
        using var copy = new ScratchFolder();
        foreach (var file in Directory.EnumerateFiles(TestFiles.Golden("ctr")))
            File.Copy(file, copy[Path.GetFileName(file)]);
        var bytes = File.ReadAllBytes(copy["omoe.dn.grad.safetensors"]);
        bytes[^1] ^= 0x80; // the sign of the last number
        File.WriteAllBytes(copy["omoe.dn.grad.safetensors"], bytes);

        var run = CommandRun.Of("backbones", "verify", copy.Root, "--json");

        Assert.Equal((int)FaultKind.CheckFailed, run.Code);
        var result = run.Json;
        Assert.Equal(1, result.GetProperty("wrong").GetInt32());
        Assert.Equal(["omoe.dn"], result.GetProperty("cells").EnumerateArray().Where(c => !c.GetProperty("isWithinTolerance").GetBoolean()).Select(c => c.GetProperty("cell").GetString()));
    }
}
