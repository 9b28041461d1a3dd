using System.Text.Json.Nodes;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Tests.Models;

/// <summary>The numbers that PyTorch computed from plain formulas, cell by cell.</summary>
public class CtrGoldenTests
{
    private static readonly string s_folder = TestFiles.Golden("ctr");

    public static TheoryData<string> Cells => [.. new ReferenceReplay(s_folder).Cells];

    [Fact]
    public void EveryBackboneHasItsFiveCells() => Assert.Equal(
        from backbone in Enum.GetValues<BackboneKind>()
        from enhancement in new[] { "dn", "epnet", "llm_paper", "llm_residual", "none" }
        orderby $"{Snake(backbone)}.{enhancement}"
        select $"{Snake(backbone)}.{enhancement}", new ReferenceReplay(s_folder).Cells.Order());

    [Theory, MemberData(nameof(Cells))]
    public void EveryNumberIsThatOfPyTorch(string cell)
    {
        var replayed = new ReferenceReplay(s_folder).Replay(cell);

        Assert.All(replayed.Tensors, t => Assert.True(t.Difference <= ReferenceReplay.Tolerance, $"{t.What}: {t.Difference:g3}"));
        Assert.True(replayed.IsWithinTolerance);
    }

    [Theory, MemberData(nameof(Cells))]
    public void NothingIsLeftOut(string cell)
    {
        using var gradients = SafetensorsFile.Open(Path.Combine(s_folder, $"{cell}.grad.safetensors"));
        string[] expected =
        [
            "logits", "loss", .. gradients.Entries.Keys.Select(name => $"gradient of {name}"), "losses of Adam",
            .. cell.StartsWith("star", StringComparison.Ordinal) ? (string[])["running mean", "running variance", "logits in evaluation"] : [],
        ];

        Assert.Equal(expected.Order(), new ReferenceReplay(s_folder).Replay(cell).Tensors.Select(t => t.What).Order());
    }

    [Theory]
    [InlineData("train_logits", "logits")]
    [InlineData("adam_losses", "losses of Adam")]
    [InlineData("running_var", "running variance")]
    [InlineData("eval_logits", "logits in evaluation")]
    public void ANumberThatIsNotOursIsFound(string key, string what)
    {
        using var copy = new ScratchFolder();
        Copy(copy.Root, "star.none", json =>
        {
            var numbers = json["cells"]!["star.none"]![key]!.AsArray();
            var place = numbers[^1] is JsonArray inner ? inner : numbers;
            place[^1] = place[^1]!.GetValue<double>() + 0.01;
        });

        var replayed = new ReferenceReplay(copy.Root).Replay("star.none");

        Assert.False(replayed.IsWithinTolerance);
        Assert.Equal(what, replayed.Worst.What);
    }

    [Fact]
    public void AGradientThatIsNotOursIsFound()
    {
        using var copy = new ScratchFolder();
        Copy(copy.Root, "mmoe.none", _ => { });
        var file = copy["mmoe.none.grad.safetensors"];
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 0x80; // the sign of the last number
        File.WriteAllBytes(file, bytes);

        var replayed = new ReferenceReplay(copy.Root).Replay("mmoe.none");

        Assert.False(replayed.IsWithinTolerance);
        Assert.StartsWith("gradient of ", replayed.Worst.What, StringComparison.Ordinal);
    }

    [Fact]
    public void ADifferenceThatIsNotANumberIsNotWithinTolerance() =>
        Assert.False(new ReplayedCell("star.none", [new("logits", double.NaN), new("loss", 1e-9)]).IsWithinTolerance);

    [Theory]
    [InlineData("hidden", "[]", "hidden is empty")]
    [InlineData("scenario", "[0, 1]", "scenario holds 2 numbers for 23 rows")]
    [InlineData("norm_eps", "0.1", "norm_eps and norm_momentum are 0.1 and 0.1, this program computes with 1E-05 and 0.1")]
    public void AFolderThatCannotBeReplayedSaysWhy(string key, string value, string why)
    {
        using var copy = new ScratchFolder();
        Copy(copy.Root, "star.none", json => json[key] = JsonNode.Parse(value));

        var error = Assert.Throws<Llm4MsrException>(() => new ReferenceReplay(copy.Root));

        Assert.Equal($"'{copy["golden.json"]}' cannot be used: {why}. Make it again.", error.Message);
        Assert.Equal(FaultKind.Damaged, error.Kind);
    }

    [Fact]
    public void ParametersOfAnotherModelAreRefusedByName()
    {
        using var copy = new ScratchFolder();
        Copy(copy.Root, "omoe.none", _ => { });
        File.Copy(Path.Combine(s_folder, "mmoe.none.safetensors"), copy["omoe.none.safetensors"], overwrite: true);

        var error = Assert.Throws<Llm4MsrException>(() => new ReferenceReplay(copy.Root).Replay("omoe.none"));

        Assert.Equal($"'{copy["omoe.none.safetensors"]}' does not fit the model: 'gate.1.weight' is in the file alone. Make the folder again.", error.Message);
    }

    [Fact]
    public void AFolderWithoutReferenceNumbersIsRefused()
    {
        using var empty = new ScratchFolder();

        var error = Assert.Throws<Llm4MsrException>(() => new ReferenceReplay(empty.Root));

        Assert.StartsWith($"There is no file '{empty["golden.json"]}'.", error.Message, StringComparison.Ordinal);
    }

    private static string Snake(BackboneKind kind) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    private static void Copy(string into, string cell, Action<JsonNode> change)
    {
        foreach (var file in new[] { "inputs", cell, $"{cell}.grad" })
            File.Copy(Path.Combine(s_folder, $"{file}.safetensors"), Path.Combine(into, $"{file}.safetensors"));
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(s_folder, "golden.json")))!;
        change(json);
        File.WriteAllText(Path.Combine(into, "golden.json"), json.ToJsonString());
    }
}
