using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Serving;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Tests.Docs;

/// <summary>The README's example. It stands here because what is compiled and run cannot become false; <see cref="ReadmeExampleTests"/> compares the two.</summary>
internal static class ReadmeExample
{
    public static (SeedResult Result, float Probability) Run(string folder)
    {
        #region README
        var data = InteractionDataset.Open(Path.Combine(folder, "data"));
        using var store = KnowledgeStore.OpenForReading(Path.Combine(folder, "knowledge.db"));
        var knowledge = KnowledgeTable.Read(store, "mean_of_generated", data.Description.TrainingPartHash);

        var options = new RunOptions
        {
            Model = new ModelOptions { Enhancement = EnhancementKind.Llm4msr, Fusion = new FusionOptions { Components = 8 } },
            Training = new TrainingOptions { GeneratorLearningRate = 1e-3, LearningRate = 2e-3, IdDropout = 0.5, Epochs = 6 },
            State = knowledge.Origin.State,
        };
        var run = new TrainingRun(data, Path.Combine(folder, "data"), knowledge, options, Path.Combine(folder, "my-run"));
        var result = run.Train(seed: 1);
        Console.WriteLine($"AUC of the test part: {result.Test.MeanAuc:F4}");

        using var predictor = ClickPredictor.Load(run.Path);
        var rows = predictor.Encode([new RawRow(predictor.ScenarioIndex("newsletter"), User: "7", Item: "12", Context: [])]);
        var probability = predictor.Predict(rows)[0];
        Console.WriteLine($"Probability of a click: {probability:F3}");
        #endregion
        return (result, probability);
    }
}
