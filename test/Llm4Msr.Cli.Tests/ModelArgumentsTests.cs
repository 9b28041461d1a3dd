using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Tests;

public class ModelArgumentsTests
{
    private static readonly Scenario[] s_scenarios = [new("search", ""), new("feed", ""), new("shop", "")];

    [Fact]
    public void WithoutOptionsTheModelIsTheDefaultOne() => Assert.Equivalent(new ModelOptions(), Read(""), strict: true);

    [Fact]
    public void BothPresetsAreThoseOfTheOptionsRecords()
    {
        Assert.Equal(new FusionOptions(), Read("--enhancement llm4msr").Fusion);
        Assert.Equal(FusionOptions.Paper(), Read("--enhancement llm4msr", paper: true).Fusion);
        Assert.Equal(FusionOptions.Field(), Read("--enhancement knowledge-field").Fusion);
    }

    [Fact]
    public void EveryBackboneAndEnhancementHasASpelling()
    {
        Assert.Equal(["shared-bottom", "star", "omoe", "mmoe", "ple", "aitm"], Spelling.All<BackboneKind>());
        Assert.Equal(["none", "dynamic-network", "epnet", "llm4msr", "knowledge-field"], Spelling.All<EnhancementKind>());
        foreach (var backbone in Enum.GetValues<BackboneKind>())
            Assert.Equal(backbone, Read($"--backbone {Spelling.Of(backbone)}").Backbone);
    }

    [Fact]
    public void EveryOptionArrives()
    {
        var options = Read(
            "--backbone aitm --scenario-order shop,0,feed --stop-gradient --hidden 9,7 --embedding 5 --enhancement llm4msr --meta-layers 3 "
            + "--user-level parallel --scenario-level bottom --generator low-rank --rank 6 --components 12 --alpha per-scenario");

        Assert.Equal([2, 0, 1], options.Transfer.ScenarioOrder);
        Assert.True(options.Transfer.StopGradient);
        Assert.Equal([9, 7], options.HiddenWidths);
        Assert.Equal(5, options.EmbeddingSize);
        Assert.Equal(new FusionOptions
        {
            Layers = 3,
            UserLevel = FusionPlacement.Parallel,
            ScenarioLevel = FusionPlacement.Bottom,
            Rank = 6,
            Components = 12,
            AlphaPerScenario = true,
        }, options.Fusion);
        Assert.Equal(new ExpertOptions { Count = 6 }, Read("--backbone mmoe --experts 6").Experts);
        Assert.Equal(new ExpertOptions { Specific = 3, Shared = 1 }, Read("--backbone ple --specific-experts 3 --shared-experts 1").Experts);
        Assert.Equal(ScenarioInput.UserMeta, Read("--enhancement llm4msr --scenario-input user-meta").Fusion!.ScenarioInput);
    }

    [Theory]
    [InlineData("full", null, GeneratorKind.Full, null)]
    [InlineData("projected", null, GeneratorKind.Projected, 16)]
    [InlineData("projected", 5, GeneratorKind.Projected, 5)]
    [InlineData("low-rank", 0, GeneratorKind.LowRank, null)]
    public void TheGeneratorDecidesWhatIsReadOfUsersVectors(string generator, int? components, GeneratorKind kind, int? expected)
    {
        var fusion = Read($"--enhancement llm4msr --generator {generator}{(components is null ? "" : $" --components {components}")}").Fusion!;

        Assert.Equal(kind, fusion.Generator);
        Assert.Equal(expected, fusion.Components);
    }

    [Fact]
    public void ThePapersPresetCanBeProjected() => Assert.Equal(16, Read("--enhancement llm4msr --generator projected", paper: true).Fusion!.Components);

    [Fact]
    public void WithoutTheUserLevelNoVectorIsProjected() => Assert.Null(Read("--enhancement llm4msr --user-level none").Fusion!.Components);

    [Fact]
    public void TheOrderOfTheTransferIsEchoedAndWritten()
    {
        var options = Read("--backbone aitm");

        Assert.Equal([0, 1, 2], options.Transfer.ScenarioOrder);
        Assert.Equal(["Transfer order: search > feed > shop."], ModelArguments.Remarks(options, s_scenarios));
        Assert.Empty(ModelArguments.Remarks(Read(""), s_scenarios));
    }

    [Fact]
    public void ADeviationFromThePaperIsSaid() => Assert.Equal(
        ["Generator low-rank with cores of 8: a deviation from the paper, whose generator makes whole weights."],
        ModelArguments.Remarks(Read("--enhancement llm4msr --generator low-rank"), s_scenarios));

    [Theory]
    [InlineData("--scenario-order feed,search,shop", "--scenario-order belongs to --backbone aitm, and nothing else reads it. Leave it out, or say --backbone aitm.")]
    [InlineData("--stop-gradient", "--stop-gradient belongs to --backbone aitm, and nothing else reads it. Leave it out, or say --backbone aitm.")]
    [InlineData("--experts 3", "--experts belongs to --backbone omoe or mmoe, and nothing else reads it. Leave it out, or say --backbone omoe or mmoe.")]
    [InlineData("--backbone mmoe --shared-experts 3", "--shared-experts belongs to --backbone ple, and nothing else reads it. Leave it out, or say --backbone ple.")]
    [InlineData("--meta-layers 3", "--meta-layers belongs to --enhancement llm4msr, and nothing else reads it. Leave it out, or say --enhancement llm4msr.")]
    [InlineData("--enhancement knowledge-field --alpha one", "--alpha belongs to --enhancement llm4msr, and nothing else reads it. Leave it out, or say --enhancement llm4msr.")]
    [InlineData("--enhancement epnet --components 4", "--components belongs to --enhancement llm4msr or knowledge-field, and nothing else reads it. Leave it out, or say --enhancement llm4msr or knowledge-field.")]
    [InlineData("--enhancement llm4msr --rank 3", "--rank belongs to --generator low-rank, and nothing else reads it. Leave it out, or say --generator low-rank.")]
    [InlineData("--enhancement llm4msr --user-level none --scenario-level none", "--user-level none with --scenario-level none leaves the backbone alone. Say --enhancement none, or give one level a place.")]
    [InlineData("--enhancement llm4msr --scenario-level bottom --alpha per-scenario", "--alpha is the share of a level in parallel, and none is. Leave it out, or say --scenario-level parallel.")]
    [InlineData("--enhancement llm4msr --user-level parallel --scenario-input user-meta", "--scenario-input user-meta hands what users' layers at the bottom make to scenarios' layers in parallel. Say --user-level bottom and --scenario-level parallel, or leave it out.")]
    [InlineData("--enhancement llm4msr --user-level none --components 4", "--user-level none reads no user's vector, so there is nothing to project. Leave out --components and --generator projected.")]
    [InlineData("--enhancement llm4msr --generator full --components 4", "--generator full reads whole vectors, --components 4 projects them. Leave out --components, or say --generator projected.")]
    [InlineData("--enhancement llm4msr --generator projected --components 0", "--generator projected needs principal components, --components 0 takes none. Leave out --components, or say --generator full.")]
    [InlineData("--backbone aitm --scenario-order feed,serch,shop", "--scenario-order names 'serch', which is no scenario. Known: search, feed, shop, or 0 to 2. Did you mean 'search'?")]
    [InlineData("--backbone aitm --scenario-order feed,0", "--scenario-order is 'feed,0', expected each scenario once: search, feed, shop.")]
    [InlineData("--hidden 8,x", "--hidden is '8,x', expected widths like 64,32,16.")]
    public void WhatMakesNoSenseIsRefusedByNameWithTheWayOut(string arguments, string message)
    {
        var error = Assert.Throws<Llm4MsrException>(() => Read(arguments));

        Assert.Equal(FaultKind.Usage, error.Kind);
        Assert.Equal(message, error.Message);
    }

    private static ModelOptions Read(string arguments, bool paper = false)
    {
        var model = new ModelArguments();
        var command = new Command("train");
        foreach (var option in model.All)
            command.Add(option);
        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return model.Read(parsed, new ModelOptions(), paper, s_scenarios);
    }
}
