using Llm4Msr.Training;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>The numbers that PyTorch computed from plain formulas, cell by cell.</summary>
public class CtrGoldenTests
{
    public static TheoryData<string, string> Cells => new(
        from backbone in new[] { "shared_bottom", "star" }
        from enhancement in new[] { "none", "llm_paper", "llm_residual" }
        select (backbone, enhancement));

    [Theory, MemberData(nameof(Cells))]
    public void LogitsAndLossAreThoseOfPyTorch(string backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        using var golden = new CtrGolden(backbone, enhancement);

        CtrGolden.AssertClose(golden.Expected("train_logits"), golden.Logits(), "logits");
        CtrGolden.AssertClose(tensor(golden.Cell.GetProperty("loss").GetDouble()), golden.Loss(), "loss");
    }

    [Theory, MemberData(nameof(Cells))]
    public void EveryGradientIsThatOfPyTorch(string backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        using var golden = new CtrGolden(backbone, enhancement);

        golden.Loss().backward();

        CtrGolden.AssertClose(golden.Gradient("features"), golden.Features.grad!, "features");
        foreach (var (name, parameter) in golden.Parameters())
            CtrGolden.AssertClose(golden.Gradient(name), parameter.grad!, name);
    }

    [Theory, MemberData(nameof(Cells))]
    public void SixStepsOfAdamLoseAsPyTorchDoes(string backbone, string enhancement)
    {
        using var scope = NewDisposeScope();
        using var golden = new CtrGolden(backbone, enhancement);
        var adam = new Adam(new ParameterGroup([.. golden.Model.parameters()], LearningRate: 1e-2));

        var losses = new double[6];
        for (var step = 0; step < losses.Length; step++)
        {
            adam.ZeroGradients();
            var loss = golden.Loss();
            losses[step] = loss.item<double>();
            loss.backward();
            adam.Step();
        }

        CtrGolden.AssertClose(golden.Expected("adam_losses"), tensor(losses), "losses");
    }

    [Theory, InlineData("none"), InlineData("llm_paper"), InlineData("llm_residual")]
    public void StarScoresWithTheMovingAveragesOfOneTrainingPass(string enhancement)
    {
        using var scope = NewDisposeScope();
        using var golden = new CtrGolden("star", enhancement);

        golden.Logits();

        var buffers = golden.Model.named_buffers().ToDictionary(b => b.name[(b.name.LastIndexOf('.') + 1)..], b => b.buffer);
        CtrGolden.AssertClose(golden.Expected("running_mean"), buffers["running_mean"], "running mean");
        CtrGolden.AssertClose(golden.Expected("running_var"), buffers["running_var"], "running variance");
        golden.Model.eval();
        CtrGolden.AssertClose(golden.Expected("eval_logits"), golden.Logits(), "logits");
    }
}
