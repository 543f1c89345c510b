// what one of the programs of qasm2_valid.json includes
qreg q[1];
