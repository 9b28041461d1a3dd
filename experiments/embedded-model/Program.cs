using Llm4Msr.Platform;
using Llm4Msr.TrainEmbedded;

// Trains the embedded model, or measures one; README.md says how it is run.
try
{
    Libtorch.Require();
    TorchSharp.torch.set_num_threads(1);
    switch (args)
    {
        case ["train", var work]:
            Training.Run(Path.GetFullPath(work), new TrainingPlan());
            return 0;
        case ["measure", var work]:
            Results.Print(Path.GetFullPath(work));
            return 0;
        default:
            Console.Error.WriteLine("""
                dotnet run -c Release --project experiments/embedded-model -- VERB
                  train WORK      Train what is left to train; the model is WORK/embedded, its initial weights WORK/initial.
                  measure WORK    Ask both about users and catalogues never seen; prints the page of results.
                """);
            return 2;
    }
}
catch (Llm4MsrException e)
{
    Console.Error.WriteLine(e.Message);
    return e.ExitCode;
}
