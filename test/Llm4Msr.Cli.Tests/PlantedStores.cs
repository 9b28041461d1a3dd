using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Generated data of which the truth is known, with a store that holds it and one that holds noise.</summary>
internal sealed class PlantedStores : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public PlantedStores(int users)
    {
        var planted = PlantedData.Generate(new PlantedOptions { Users = users, KnowledgeWidth = 16 });
        DurableFile.WriteFolder(Data, folder => PreparedDataWriter.Write(folder, planted.Raw, new SplitOptions(SplitKind.UserHoldout)));
        var data = InteractionDataset.Open(Data);
        PlantedKnowledge.Write(planted, data, Truth);
        var noise = new Random(3);
        PlantedKnowledge.Write(planted with { UserKnowledge = [.. planted.UserKnowledge.Select(v => v.Select(_ => (float)noise.NextDouble()).ToArray())] }, data, Noise);
    }

    public string Data => _scratch["data"];

    public string Truth => _scratch["truth.db"];

    public string Noise => _scratch["noise.db"];

    public void Dispose() => _scratch.Dispose();
}
